import Torch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension DominantSingularDeflation {
  typealias Result = (deflated: Tensor?, outcome: DeflationReport.Outcome, triple: LeadingTriple?)

  /// What is to be done with one gradient.
  enum Finding: Sendable {
    /// It passes unchanged, or is zeroed.
    case noTerm(DeflationReport.Outcome)
    /// The term of the matrix divided by `scale`.
    case term(LeadingTriple, scale: Double)
  }

  /// The leading term of one gradient of rank 2 or more.
  ///
  /// - Parameter magnitude: what is known of its elements.
  func find(in gradient: Tensor, magnitude: Magnitude, start: Tensor?) -> Finding {
    let matrix = MatrixReading(gradient).matrix
    var norm = magnitude.squares.squareRoot()
    var scale = 1.0
    // Gradients are far from where squares of squares overflow or vanish; those that are not are brought back.
    if !(1e-6...1e8).contains(norm) {
      let largest = magnitude.largest
      guard largest.isFinite else { return .noTerm(.notFinite) }
      guard largest > 0 else { return .noTerm(.negligible) }
      scale = exp2(log2(largest).rounded(.down))
      norm = (matrix / scale).norm().item()
      guard norm * scale >= minimumNorm else { return .noTerm(.negligible) }
    }
    guard matrix.size(0) > 1, matrix.size(1) > 1 else {
      return .noTerm(.singleVector(zeroed: singleVectors == .asReleased))
    }
    do {
      let triple = try solver.leadingTriple(
        of: scale == 1 ? matrix : matrix / scale, norm: norm, start: start, spectrum: spectrum)
      return .term(triple, scale: scale)
    } catch {
      return .noTerm(.failed(error.description))
    }
  }

  /// The gradient without what was found; `deflated` is nil where it passes unchanged.
  func remove(_ finding: Finding, from gradient: Tensor) -> Result {
    switch finding {
    case .noTerm(.singleVector(zeroed: true)):
      return (Tensor.zeros(like: gradient), .singleVector(zeroed: true), nil)
    case .noTerm(let outcome):
      return (nil, outcome, nil)
    case .term(let triple, let scale):
      let reading = MatrixReading(gradient)
      guard scale != 1 else {
        return (reading.restored(triple.removed(from: reading.matrix)), .deflated, triple)
      }
      let deflated = triple.removed(from: reading.matrix / scale) * scale
      return (reading.restored(deflated), .deflated, triple.scaled(by: scale))
    }
  }
}
