public import Torch

/// Placeholder for the fast solver: the reference until it lands.
public struct GramLanczos: LeadingTripleSolver {
  public init() {}
  public func leadingTriple(
    of matrix: Tensor, norm: Double, start: Tensor?, spectrum: Bool
  ) throws(TorchError) -> LeadingTriple {
    try FullDecomposition().leadingTriple(
      of: matrix, norm: norm, start: start, spectrum: spectrum)
  }
}
