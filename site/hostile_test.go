package site_test

import (
	"strings"
	"testing"
)

// hostileStrings are texts that have broken pages, headers, feeds or players somewhere.
func hostileStrings(t testing.TB) []string {
	t.Helper()
	seeds := []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `</title><h1>x`, `<!--`, `-->`, `]]>`,
		`&lt;b&gt;`, `&#60;script&#62;`, `&nosuch;`, `<svg/onload=alert(1)>`, `javascript:alert(1)`, `data:text/html,<b>`, `</textarea><b>`,
		`<a href="//evil.example">`, `<base href=//evil.example>`, `<meta http-equiv=refresh content=0>`, `<iframe src=x>`, `{{7*7}}`, `${7*7}`, `<%= 7 %>`,
		"a\r\nSet-Cookie: a=b", "a\nb", "a\x00b", "a\x1b[31mb", "a\u202eb", "a\u200bb", "\ufeffx", "a\u2028b", "\u00adx",
		`../../etc/passwd`, `..\..\x`, `C:\x`, `/etc/passwd`, `a/b`, `a\b`, `con`, `NUL.flac`, `.`, `..`, `...`, `~`, `-rf`, `%2e%2e`, `%00`, `a%0d%0ab`,
		`"; filename="x.exe`, `x"; filename*=UTF-8''y`, `a;b=c`, `,`, `"`, `\"`, `'; DROP TABLE releases; --`, `=1+1`, `@SUM(A1)`, `+1`,
		"été", "œuvre", "naïve", "Привет", "日本語の名前", "مرحبا بالعالم", "שלום", "👩‍👩‍👧‍👦", "🎵", "e\u0301", "ﬁn", "Ω≈ç√", "ＦＵＬＬ", "ß",
		"#EXTINF:1,x", "#EXTM3U", "<?xml version='1.0'?>", "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>", "&y;", "xmlns:x='y'",
	}
	shapes := []func(string) string{
		func(s string) string { return s },
		func(s string) string { return s + " " + s },
		func(s string) string { return "L'" + s + " (live)" },
		func(s string) string { return strings.Repeat(s, 200/max(len(s), 1)) },
	}
	var all []string
	for _, shape := range shapes {
		for _, seed := range seeds {
			all = append(all, shape(seed))
		}
	}
	return all
}
