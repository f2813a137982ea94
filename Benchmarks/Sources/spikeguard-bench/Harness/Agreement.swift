import Torch

/// That two sides computed the same: the largest difference found, and what was allowed.
struct Agreement: Codable {
  let what: String
  let error: Double
  let tolerance: Double

  /// - Throws: ``Disagreement`` when the error exceeds the tolerance or is not a number.
  init(_ what: String, error: Double, tolerance: Double) throws {
    guard error <= tolerance else {
      throw Disagreement(what: what, error: error, tolerance: tolerance)
    }
    self.what = what
    self.error = error
    self.tolerance = tolerance
  }

  var description: String {
    error == 0
      ? "\(what): identical"
      : tolerance == .infinity
        ? "\(what): differ by at most \(scientific(error)) (held to nothing)"
        : "\(what): differ by at most \(scientific(error)) (allowed \(scientific(tolerance)))"
  }
}

/// Results that differ: times of different computations are not compared.
struct Disagreement: Error, CustomStringConvertible {
  let what: String
  let error: Double
  let tolerance: Double

  var description: String {
    "\(what): the sides differ by \(scientific(error)), allowed is \(scientific(tolerance)); no ratio is given"
  }
}

/// Results that would be equal whatever was computed.
struct NothingToCompare: Error, CustomStringConvertible {
  let description: String
}

extension Tensor {
  /// max |self − other|; infinite where shapes differ.
  func largestDifference(from other: Tensor) -> Double {
    guard shape == other.shape else { return .infinity }
    let (a, b) = (detached().converted(to: .float64), other.detached().converted(to: .float64))
    return (a - b).norm(.infinity).item()
  }

  /// max |self|
  var largestMagnitude: Double { detached().converted(to: .float64).norm(.infinity).item() }
}

extension NamedTensors {
  /// The largest over tensors of max |self − other| / max |other|.
  ///
  /// The denominator is at least a thousandth of the largest number of all tensors: the gradient of a bias
  /// before batch norm is 0, and what rounding leaves of it has no relative error.
  func largestRelativeDifference(from other: NamedTensors) -> Double {
    guard Set(names) == Set(other.names) else { return .infinity }
    let magnitudes = other.map { Tensor($0.largestMagnitude) }
    let floor = 1e-3 * (magnitudes.map { $0.tensor.item() }.max() ?? 0)
    return map { name, tensor in
      tensor.largestDifference(from: other[name]!) / Swift.max(magnitudes[name]!.item(), floor)
    }.reduce(0) { $0.isNaN || $1.isNaN ? .nan : Swift.max($0, $1) }
  }
}
