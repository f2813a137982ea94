import Torch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension DominantSingularDeflation {
  typealias Result = (deflated: Tensor?, outcome: DeflationReport.Outcome, triple: LeadingTriple?)

  /// Deflates one gradient of rank 2 or more; `deflated` is nil where it passes unchanged.
  ///
  /// - Parameter magnitude: what is known of its elements.
  func deflate(_ gradient: Tensor, magnitude: Magnitude, start: Tensor?) -> Result {
    let reading = MatrixReading(gradient)
    let matrix = reading.matrix
    var norm = magnitude.squares.squareRoot()
    var scale = 1.0
    // Gradients are far from where squares of squares overflow or vanish; those that are not are brought back.
    if !(1e-6...1e8).contains(norm) {
      let largest = magnitude.largest
      guard largest.isFinite else { return (nil, .notFinite, nil) }
      guard largest > 0 else { return (nil, .negligible, nil) }
      scale = exp2(log2(largest).rounded(.down))
      norm = (matrix / scale).norm().item()
      guard norm * scale >= minimumNorm else { return (nil, .negligible, nil) }
    }
    guard matrix.size(0) > 1, matrix.size(1) > 1 else {
      let zeroed = singleVectors == .asReleased
      return (
        zeroed ? Tensor.zeros(like: gradient) : nil, .singleVector(zeroed: zeroed), nil
      )
    }
    do {
      guard scale != 1 else {
        let triple = try solver.leadingTriple(
          of: matrix, norm: norm, start: start, spectrum: spectrum)
        return (reading.restored(triple.removed(from: matrix)), .deflated, triple)
      }
      let scaled = matrix / scale
      let triple = try solver.leadingTriple(
        of: scaled, norm: norm, start: start, spectrum: spectrum)
      let deflated = reading.restored(triple.removed(from: scaled) * scale)
      return (deflated, .deflated, triple.scaled(by: scale))
    } catch {
      return (nil, .failed(error.description), nil)
    }
  }
}
