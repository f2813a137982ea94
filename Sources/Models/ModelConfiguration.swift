import Layers

/// What every configuration of a network says of its images and extents, and what must hold of it.
protocol ModelConfiguration: Sendable {
  var classes: Int { get }
  var channels: Int { get }
  var imageSize: Int { get }
  var width: Double { get }
  var normalization: PixelNormalization { get }
}

extension ModelConfiguration {
  /// Channels at this configuration's width, at least 1.
  func scaled(_ channels: Int) -> Int { max(1, Int((Double(channels) * width).rounded())) }

  /// - Parameters:
  ///   - halvings: how often the network halves the image; each must have something to halve.
  ///   - remedy: for images that are too small, beside padding them.
  func validate(model: String, halvings: Int, remedy: String?) throws(ModelError) {
    guard classes >= 2 else { throw .value("classes", found: "\(classes)", expected: "at least 2") }
    guard channels >= 1 else {
      throw .value("channels", found: "\(channels)", expected: "at least 1")
    }
    guard width > 0, width <= 16 else {
      throw .value("width", found: "\(width)", expected: "above 0, at most 16")
    }
    guard normalization.mean.count == channels else {
      throw .value(
        "pixel normalisation", found: "\(normalization.mean.count) channels",
        expected: "as many as the images have (\(channels))")
    }
    guard imageSize >= 1 << halvings else {
      throw .imageTooSmall(model: model, halvings: halvings, found: imageSize, remedy: remedy)
    }
  }
}
