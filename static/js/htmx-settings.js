/* For pages that load htmx without our base template (Django's admin): what a strict CSP asks of it. */
Object.assign(htmx.config, { includeIndicatorStyles: false, allowEval: false, allowScriptTags: false, selfRequestsOnly: true, historyCacheSize: 0 });
