import Testing
import Torch

/// Records an issue unless `|actual − expected| ≤ absolute + relative · |expected|` for every element.
///
/// Shapes must be equal; element types may differ, and the comparison is made in float64. Infinities are close to
/// themselves only, NaN is close to nothing. The message shows the worst element.
public func expectClose(
  _ actual: Tensor, _ expected: Tensor, relative: Double = 1e-5, absolute: Double = 0,
  _ comment: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  let flaw =
    actual.shape == expected.shape
    ? worstDifference(
      actual.scalars(of: Double.self), expected.scalars(of: Double.self), shape: actual.shape,
      relative: relative, absolute: absolute)
    : "got shape \(actual.shape), expected \(expected.shape)"
  guard let flaw else { return }
  record(flaw, comment(), sourceLocation)
}

/// The same for plain numbers.
public func expectClose(
  _ actual: [Double], _ expected: [Double], relative: Double = 1e-5, absolute: Double = 0,
  _ comment: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  let flaw =
    actual.count == expected.count
    ? worstDifference(
      actual, expected, shape: [actual.count], relative: relative, absolute: absolute)
    : "got \(actual.count) numbers, expected \(expected.count)"
  guard let flaw else { return }
  record(flaw, comment(), sourceLocation)
}

/// The same for one number.
public func expectClose(
  _ actual: Double, _ expected: Double, relative: Double = 1e-5, absolute: Double = 0,
  _ comment: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose(
    [actual], [expected], relative: relative, absolute: absolute, comment(),
    sourceLocation: sourceLocation)
}

private func record(_ flaw: String, _ comment: String, _ location: SourceLocation) {
  let text = comment.isEmpty ? flaw : "\(comment): \(flaw)"
  Issue.record(Comment(rawValue: text), sourceLocation: location)
}

/// What to say about the element that misses its tolerance by most, or nil when all are close.
func worstDifference(
  _ actual: [Double], _ expected: [Double], shape: [Int], relative: Double, absolute: Double
) -> String? {
  var worst: (index: Int, excess: Double)?
  var misses = 0
  for (index, (a, b)) in zip(actual, expected).enumerated() where a != b {
    let excess = (a - b).magnitude - (absolute + relative * b.magnitude)
    if excess <= 0, b.isFinite { continue }
    misses += 1
    // NaN and infinities miss by more than any number.
    let rank = excess.isFinite ? excess : .infinity
    if worst.map({ rank > $0.excess }) ?? true { worst = (index, rank) }
  }
  guard let (index, _) = worst else { return nil }
  let allowed = absolute + relative * expected[index].magnitude
  return """
    at \(coordinates(of: index, in: shape)): got \(actual[index]), expected \(expected[index]), \
    off by \((actual[index] - expected[index]).magnitude), allowed \(allowed); \
    \(misses) of \(actual.count) elements are not close
    """
}

/// The row-major coordinates of an element.
private func coordinates(of index: Int, in shape: [Int]) -> [Int] {
  var rest = index
  return Array(
    shape.reversed().map { extent in
      defer { rest /= extent }
      return rest % extent
    }.reversed())
}
