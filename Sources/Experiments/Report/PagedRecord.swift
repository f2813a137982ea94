/// A record that has a page of its own.
public protocol PagedRecord: Encodable {
  /// The name of its files, without an ending: `curvature` for `curvature.html` and `curvature.json`.
  static var fileName: String { get }

  /// What the page shows.
  var page: ReportPage { get throws }
}

extension PagedRecord {
  /// The page as one file: it opens in a browser without a network, and holds the record.
  ///
  /// - Parameter vegaBundle: the script of ``VegaBundle``.
  /// - Throws: ``VegaBundleError`` where the script cannot stand in a page; an `EncodingError` where the
  ///   record holds NaN.
  public func html(vegaBundle: String) throws -> String {
    try VegaBundle.check(vegaBundle, name: "the chart library")
    return try page.html(
      records: inlineJSON(), named: Self.fileName + ".json", vegaBundle: vegaBundle)
  }
}
