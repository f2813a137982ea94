extension ReportPage {
  /// Light and dark, a phone's width and a desk's, screen and paper.
  static let style = """

    :root {
      --ink: #1b1f24; --soft: #57606a; --rule: #d0d7de; --page: #ffffff; --panel: #f6f8fa;
      --accent: #0b5cad; --right: #11693a; --wrong: #b42318; --mark: #fff3c4;
    }
    @media screen and (prefers-color-scheme: dark) {
      :root {
        --ink: #e6e9ed; --soft: #9aa4af; --rule: #3a424c; --page: #14181d; --panel: #1c2229;
        --accent: #7cb7ff; --right: #56c98a; --wrong: #ff8f85; --mark: #4a3d12;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; }
    body {
      margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 74rem; color: var(--ink);
      background: var(--page); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
    }
    h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; letter-spacing: -0.01em; }
    h2 {
      margin: 3rem 0 0.75rem; padding-top: 0.75rem; border-top: 1px solid var(--rule);
      font-size: 1.3rem; line-height: 1.3;
    }
    h3 { margin: 1.5rem 0 0.5rem; font-size: 1rem; }
    p { max-width: 46rem; margin: 0.5rem 0; }
    a { color: var(--accent); }
    small { color: var(--soft); font-weight: normal; font-size: 0.82rem; }
    code { font-size: 0.86em; font-weight: normal; overflow-wrap: break-word; }
    header p { color: var(--soft); }
    nav { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; font-size: 0.92rem; }
    .finding {
      margin: 1.75rem 0 0; max-width: 62rem; padding: 1rem 1.25rem; background: var(--panel);
      border-left: 4px solid var(--accent); border-radius: 0 6px 6px 0;
    }
    .finding p { max-width: none; }
    .finding .sentence { margin-top: 0; font-size: 1.2rem; line-height: 1.45; }
    .finding ul { margin: 0.75rem 0 0; padding-left: 1.1rem; color: var(--soft); }
    .finding li { margin: 0.3rem 0; font-size: 0.94rem; }

    .wide { overflow-x: auto; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
    caption { padding-bottom: 0.5rem; text-align: left; color: var(--soft); font-size: 0.9rem; }
    th, td {
      padding: 0.45rem 1.5rem 0.45rem 0; border-bottom: 1px solid var(--rule);
      text-align: left; vertical-align: top;
    }
    thead th { border-bottom: 2px solid var(--rule); vertical-align: bottom; }
    .results th small, .results td small { display: block; }
    .results strong { font-size: 1.15rem; }
    .results td { white-space: nowrap; }
    .settings th, .settings td, .facts th, .facts td { padding: 0.25rem 1.5rem 0.25rem 0; }
    .settings, .facts { font-size: 0.92rem; }
    .facts tbody th { font-weight: normal; color: var(--soft); }
    mark { padding: 0 0.25em; color: inherit; background: var(--mark); border-radius: 3px; }
    .swatch {
      display: inline-block; width: 0.7em; height: 0.7em; margin-right: 0.4em; border-radius: 2px;
      print-color-adjust: exact; -webkit-print-color-adjust: exact;
    }

    .charts { display: grid; gap: 1.75rem 2rem; grid-template-columns: repeat(3, minmax(0, 1fr)); }
    .charts.pairs { grid-template-columns: repeat(2, minmax(0, 1fr)); }
    .charts:has(> :only-child) { grid-template-columns: minmax(0, 52rem); }
    figure { margin: 0; min-width: 0; }
    .chart > figcaption { font-weight: 600; font-size: 0.95rem; overflow-wrap: anywhere; }
    .canvas, .canvas.vega-embed { display: block; width: 100%; }
    .canvas.vega-embed.has-actions { padding-right: 0; }
    .canvas.vega-embed summary { top: -1.9rem; }
    .canvas.vega-embed .vega-actions { top: 0.4rem; color: #1b1f24; }
    .canvas svg.marks { max-width: 100%; height: auto; }
    @media screen and (max-width: 54rem) {
      .charts, .charts.pairs { grid-template-columns: minmax(0, 1fr); }
    }

    @media screen and (max-width: 34rem) {
      th, td, .settings th, .settings td, .facts th, .facts td { padding-right: 0.75rem; }
      .results { width: 100%; }
      .results:not(:has(td:nth-child(4))) { table-layout: fixed; }
      .results th:first-child { width: 28%; }
      .results td { white-space: normal; }
      .interval { display: block; white-space: nowrap; }
    }

    .pictures {
      display: grid; gap: 1rem; margin-top: 1rem;
      grid-template-columns: repeat(auto-fill, minmax(min(100%, 33rem), 1fr));
    }
    .card { padding: 0.75rem 1rem 1rem; border: 1px solid var(--rule); border-radius: 8px; }
    .card h3 { margin: 0 0 0.5rem; }
    .views { display: flex; gap: 0.75rem; }
    .views figure { flex: 2 1 0; }
    .views figure:first-child { flex-grow: 1; }
    .views figcaption { margin-top: 0.25rem; font-size: 0.82rem; line-height: 1.35; }
    .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 2px; }
    .views img {
      display: block; width: 100%; height: auto; image-rendering: pixelated; border-radius: 2px;
    }
    .said { display: block; color: var(--soft); }
    .right { color: var(--right); }
    .wrong { color: var(--wrong); }
    .spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }

    @media print {
      body { max-width: none; padding: 0; font-size: 10pt; }
      nav, details, .canvas.vega-embed summary { display: none; }
      .canvas { min-height: 0 !important; }
      .pictures { grid-template-columns: 1fr 1fr; }
      section > p { break-inside: avoid; break-after: avoid; }
      .chart, .card, tr { break-inside: avoid; }
      h2 { break-after: avoid; }
      .finding { border: 1px solid var(--rule); border-left-width: 4px; }
    }

    """
}
