package browser

// Cookies are the names of all cookies that the browser keeps.
func (f *Firefox) Cookies() ([]string, error) {
	return system[[]string](f, `
		const kept = Services.cookies.getCookiesWithOriginAttributes(JSON.stringify({privateBrowsingId: 1}));
		return kept.map(c => c.name);`)
}

// Complaints is what the console notes about pages since the start: what a
// policy blocked, a cookie that was refused, what could not be read.
func (f *Firefox) Complaints() ([]string, error) {
	return system[[]string](f, `
		const noted = Services.console.getMessageArray().filter(m => m instanceof Ci.nsIScriptError);
		return noted.filter(m => /^https?:/.test(m.sourceName)).map(m => m.sourceName + ": " + m.errorMessage);`)
}
