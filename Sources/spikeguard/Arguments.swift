import ArgumentParser
import Experiments
import Models

extension Stem: ExpressibleByArgument {}
extension NetworkRecipe.Activation: ExpressibleByArgument {}

/// A Euclidean distance in pixel units, written as `0.5` or `128/255`.
struct Radius {
  let value: Double

  /// - Parameter option: that it was given to.
  init(_ text: String, option: String = "--epsilon") throws(ValidationError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
    guard parts.count <= 2, let numerator = parts[0],
      let denominator = parts.count == 2 ? parts[1] : 1, denominator > 0, numerator >= 0,
      (numerator / denominator).isFinite
    else {
      throw ValidationError(
        "\(option) \(text): expected a length of at least 0 with --norm l2, as 0.5 or 128/255")
    }
    value = numerator / denominator
  }
}

/// A distance in pixel units, written as `8/255` or `0.03`.
struct PixelDistance: CustomStringConvertible {
  let value: Double
  let description: String

  static let expected = "expected a fraction as 8/255 or a number from 0 to 1; pixels are in [0, 1]"

  /// - Throws: what to write instead; ε in levels, 8 for 8/255, is the usual slip.
  init(_ text: String) throws(ValidationError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let numerator = Double(parts[0]),
      let denominator = parts.count == 2 ? Double(parts[1]) : 1, denominator > 0
    else { throw ValidationError(Self.expected) }
    let value = numerator / denominator
    guard value >= 0, value <= 1 else {
      let meant = parts.count == 1 && value > 1 && value <= 255
      throw ValidationError(Self.expected + (meant ? ", so write \(text)/255" : ""))
    }
    self.value = value
    description = text
  }
}
