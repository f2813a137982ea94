/// An approximate eigenvalue of a symmetric matrix H, with what is known of its error.
public struct Eigenvalue: Codable, Equatable, Sendable {
  /// θ, near xᵀHx of a unit vector x.
  public let value: Double
  /// ‖Hx − θx‖: the matrix has an eigenvalue within this distance of θ.
  public let residual: Double
  /// Products of the solver until it was accepted or given up.
  public let iterations: Int
  /// Whether the solver's own rule of stopping was met.
  public let converged: Bool

  public init(value: Double, residual: Double, iterations: Int, converged: Bool) {
    self.value = value
    self.residual = residual
    self.iterations = iterations
    self.converged = converged
  }
}
