public import Torch

/// The reference: LAPACK's whole singular value decomposition, of which the first term is kept.
///
/// When LAPACK does not converge, a second try is made in float64. (The release tries again on G + 10⁻⁶ with
/// another LAPACK driver, and passes the raw gradient if that throws too.)
public struct FullDecomposition: LeadingTripleSolver {
  public init() {}

  public func leadingTriple(
    of matrix: Tensor, norm: Double, start: Tensor?, spectrum: Bool
  ) throws(TorchError) -> LeadingTriple {
    let (unit, values) = try decompose(matrix)
    let left = unit.converted(to: matrix.dtype)
    let right = matrix.transposed().times(vector: left)
    let sigma = right.norm().item()
    let miss = matrix.times(vector: right).adding(left, scale: -sigma * sigma).norm().item()
    return LeadingTriple(
      left: left, right: right, unitSide: .left, sigma: sigma, second: values[1].item(),
      energy: min(1, (sigma / norm) * (sigma / norm)), iterations: 0,
      residual: miss / (sigma * sigma), warmStart: nil)
  }

  private func decompose(_ matrix: Tensor) throws(TorchError) -> (unit: Tensor, values: Tensor) {
    let (u, s, _): (Tensor, Tensor, Tensor)
    do {
      (u, s, _) = try matrix.singularValueDecomposition()
    } catch {
      (u, s, _) = try matrix.converted(to: .float64).singularValueDecomposition()
    }
    return (u.selecting(0, along: 1), s)
  }
}
