package browser

import (
	"fmt"
	"maps"
	"net"
	"strconv"
)

// preferences are what makes a plain Firefox as quiet and as strict as the
// browser of the people who visit an onion. Names are Firefox's own; the list
// of "Safest" is the one in Tor Browser's SecurityLevel module.
func (c Config) preferences(downloads string) (map[string]any, error) {
	proxy, err := c.proxy()
	if err != nil {
		return nil, err
	}
	all := map[string]any{
		"intl.accept_languages":                c.Languages,
		"privacy.spoof_english":                1, // the languages are those asked for
		"privacy.resistFingerprinting":         !c.Dark,
		"dom.securecontext.allowlist_onions":   c.Trusting,
		"network.http.referer.hideOnionSource": c.Trusting,
		// a stock Firefox would ask a trusted onion for its pictures and sounds over https, where nobody answers
		"security.mixed_content.upgrade_display_content":        !c.Trusting,
		"browser.download.dir":                                  downloads,
		"browser.download.folderList":                           2,
		"browser.download.useDownloadDir":                       true,
		"browser.download.alwaysOpenPanel":                      false,
		"browser.download.always_ask_before_handling_new_types": false,
		"browser.download.start_downloads_in_tmp_dir":           false,
		// 0 is dark, 1 light
		"layout.css.prefers-color-scheme.content-override": 1,
	}
	if c.Dark {
		all["layout.css.prefers-color-scheme.content-override"] = 0
	}
	for _, more := range []map[string]any{proxy, safest(), silent(), plain()} {
		maps.Copy(all, more)
	}
	return all, nil
}

// proxy sends everything to the SOCKS port. Without one it sends everything
// but loopback to a port where nobody answers.
func (c Config) proxy() (map[string]any, error) {
	host, port, direct, hijack := "127.0.0.1", 9, "127.0.0.1, localhost", false
	if c.Socks != "" {
		h, p, err := net.SplitHostPort(c.Socks)
		if err != nil {
			return nil, fmt.Errorf("the SOCKS address %q is not host:port: %w", c.Socks, err)
		}
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("the SOCKS address %q has no port: %w", c.Socks, err)
		}
		host, port, direct, hijack = h, int(n), "", true
	}
	return map[string]any{
		"network.proxy.type": 1, "network.proxy.socks": host, "network.proxy.socks_port": port, "network.proxy.socks_version": 5,
		"network.proxy.socks_remote_dns": true, "network.proxy.socks5_remote_dns": true, "network.proxy.no_proxies_on": direct,
		"network.proxy.failover_direct": false, "network.proxy.allow_hijacking_localhost": hijack,
		"network.dns.blockDotOnion": false, "network.dns.disablePrefetch": true, "network.trr.mode": 5,
	}, nil
}

// safest is Tor Browser's level of that name, in the engine.
func safest() map[string]any {
	return map[string]any{
		"javascript.enabled": false, "javascript.options.ion": false, "javascript.options.baselinejit": false,
		"javascript.options.native_regexp": false, "javascript.options.asmjs": false, "javascript.options.wasm": false,
		"mathml.disabled": true, "svg.disabled": true, "gfx.downloadable_fonts.enabled": false,
		"gfx.font_rendering.graphite.enabled": false, "gfx.font_rendering.opentype_svg.enabled": false,
		"privacy.resistFingerprinting.letterboxing": false, "privacy.firstparty.isolate": true,
		"browser.privatebrowsing.autostart": true, "media.peerconnection.enabled": false,
		"media.autoplay.default": 5, "media.eme.enabled": false, "webgl.disabled": true,
	}
}

// silent keeps Firefox from calling home: through Tor each call would hold up
// the first page by a minute.
func silent() map[string]any {
	return map[string]any{
		"app.update.enabled": false, "app.normandy.enabled": false, "extensions.update.enabled": false, "extensions.getAddons.cache.enabled": false,
		"browser.safebrowsing.malware.enabled": false, "browser.safebrowsing.phishing.enabled": false, "browser.safebrowsing.downloads.enabled": false,
		"browser.region.update.enabled": false, "browser.region.network.url": "", "browser.search.update": false,
		"datareporting.policy.dataSubmissionEnabled": false, "datareporting.healthreport.uploadEnabled": false, "toolkit.telemetry.enabled": false,
		"toolkit.telemetry.unified": false, "toolkit.telemetry.server": "", "network.captive-portal-service.enabled": false,
		"network.connectivity-service.enabled": false, "services.settings.server": "data:,#", "network.http.speculative-parallel-limit": 0,
		"network.prefetch-next": false, "dom.push.connection.enabled": false, "geo.enabled": false, "media.gmp-manager.url": "data:,",
		"media.gmp-provider.enabled": false, "browser.newtabpage.activity-stream.feeds.topsites": false,
		"browser.urlbar.suggest.searches": false, "browser.urlbar.quicksuggest.enabled": false, "signon.rememberSignons": false,
	}
}

// plain takes away what would stand between a test and the page.
func plain() map[string]any {
	return map[string]any{
		"marionette.port": 0, "browser.shell.checkDefaultBrowser": false, "browser.startup.page": 0, "browser.startup.homepage": "about:blank",
		"startup.homepage_welcome_url": "", "browser.aboutwelcome.enabled": false, "datareporting.policy.firstRunURL": "",
		"toolkit.cosmeticAnimations.enabled": false, "ui.prefersReducedMotion": 1, "browser.tabs.warnOnClose": false,
		"toolkit.legacyUserProfileCustomizations.stylesheets": true, "media.volume_scale": "0.0",
		"dom.disable_beforeunload": true, "security.dialog_enable_delay": 0, "accessibility.tabfocus": 7,
		"media.cubeb.force_mock_context": true, // sound goes nowhere, in real time; without a sound card a player would fail on its first broken line
		"ui.useOverlayScrollbars":        1,    // a bar takes no width from the page, as on a telephone
	}
}
