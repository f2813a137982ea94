extension ReportPage {
  /// Hands each specification to Vega-Embed, and the records to a download link.
  static let script = """

    (function () {
      "use strict";
      const read = (id) => document.getElementById(id).textContent;

      const records = document.getElementById("records");
      const link = document.getElementById("download");
      link.href = URL.createObjectURL(new Blob([records.textContent], { type: "application/json" }));
      link.download = records.dataset.name;
      link.hidden = false;

      const draw = ([id, specification]) => {
        const options = {
          actions: { export: true, source: true, compiled: false, editor: false },
          renderer: "svg",
          downloadFileName: id,
        };
        return window.vegaEmbed("#" + id, specification, options).catch((error) => {
          document.getElementById(id).textContent = "This chart could not be drawn: " + error.message;
          throw error;
        });
      };
      Promise.all(Object.entries(JSON.parse(read("charts"))).map(draw)).then(
        () => { document.documentElement.dataset.charts = "drawn"; },
        (error) => { console.error(error); });
    })();

    """
}
