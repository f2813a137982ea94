public import Torch

/// Shortens all gradients together to a largest norm, keeping their direction:
///
///     g ← g · min(1, maximumNorm / (‖g‖₂ + 10⁻⁶)),     ‖g‖₂ over all gradients
///
/// as `torch.nn.utils.clip_grad_norm_` does, except that a norm is found where the squares overflow. Gradients
/// with NaN or infinity pass unchanged (what to do about them is the caller's matter), and ``norm`` is not
/// finite then.
///
/// Place in the chain: after deflation, before decay and momentum. Deflation is homogeneous, so before it the
/// same direction would result; but the norm would be ruled by the very terms that are then removed, and the
/// rest would be shortened for their sake. After it the bound holds for what moves the parameters.
public struct GradientClipping: GradientTransform {
  public var name: String { "clipping" }
  public let maximumNorm: Double
  /// ‖g‖₂ before the last clipping; nil before the first.
  public private(set) var norm: Double?
  /// What the last gradients were multiplied by: at most 1.
  public private(set) var factor = 1.0

  /// - Precondition: the norm is positive.
  public init(maximumNorm: Double) {
    precondition(maximumNorm > 0, "GradientClipping: expected a positive norm, got \(maximumNorm)")
    self.maximumNorm = maximumNorm
  }

  public mutating func apply(
    to gradients: inout NamedTensors, at parameters: NamedTensors, step: Int
  ) {
    withoutGradients {
      let norm = gradients.euclideanNorm
      self.norm = norm
      let factor = norm.isFinite ? min(1, maximumNorm / (norm + 1e-6)) : 1
      self.factor = factor
      guard factor < 1 else { return }
      gradients = gradients.map { $0.detached() * factor }
    }
  }

  public var description: String { "GradientClipping(\(maximumNorm))" }
}
