import Torch

/// The smooth step G whose derivative stands in for the derivative of the spike function.
///
/// All shapes follow one rule: `G′(u) = g(u / width) / width` with ∫g = 1, where u is the membrane potential
/// above threshold. SpikingJelly's `alpha` is `1 / width` for each of them.
///
/// | shape | g(z) | SpikingJelly |
/// |---|---|---|
/// | triangle | max(0, 1 − abs(z)) | `PiecewiseQuadratic` |
/// | rectangle | 1 where abs(z) ≤ ½ | – |
/// | sigmoid | σ(z)(1 − σ(z)) | `Sigmoid` |
/// | arctan | ½ / (1 + (πz/2)²) | `ATan` |
/// | exponential | ½ exp(−abs(z)) | – |
public enum Surrogate: Sendable, Equatable, Hashable {
  case triangle(width: Double)
  case rectangle(width: Double)
  case sigmoid(width: Double)
  case arctan(width: Double)
  case exponential(width: Double)

  public enum Shape: String, Sendable, CaseIterable, Codable {
    case triangle, rectangle, sigmoid, arctan, exponential
  }

  /// - Precondition: `width` is positive and finite.
  public init(_ shape: Shape, width: Double) {
    precondition(width > 0 && width.isFinite, "a surrogate's width must be positive, got \(width)")
    self =
      switch shape {
      case .triangle: .triangle(width: width)
      case .rectangle: .rectangle(width: width)
      case .sigmoid: .sigmoid(width: width)
      case .arctan: .arctan(width: width)
      case .exponential: .exponential(width: width)
      }
  }

  public var shape: Shape {
    switch self {
    case .triangle: .triangle
    case .rectangle: .rectangle
    case .sigmoid: .sigmoid
    case .arctan: .arctan
    case .exponential: .exponential
    }
  }

  public var width: Double {
    switch self {
    case .triangle(let width), .rectangle(let width), .sigmoid(let width), .arctan(let width),
      .exponential(let width):
      width
    }
  }

  /// The number by which the fused kernel knows the shape.
  var kernelCode: Int {
    switch self {
    case .triangle: 0
    case .rectangle: 1
    case .sigmoid: 2
    case .arctan: 3
    case .exponential: 4
    }
  }

  /// G(u), from 0 to 1, composed of tensor operations: the definition that the fused kernel must equal.
  public func primitive(_ u: Tensor) -> Tensor {
    let z = u / width
    switch self {
    case .triangle:
      let inside = z.clamped(-1, 1)
      return 0.5 + inside - inside * inside.magnitude() * 0.5
    case .rectangle: return (z + 0.5).clamped(0, 1)
    case .sigmoid: return z.sigmoid()
    case .arctan: return (z * (.pi / 2)).arctangent() / .pi + 0.5
    // The left half has its kink's derivative, the right half none: together ½ at 0, as they should be.
    case .exponential:
      return z.clamped(nil, 0).exponential() * 0.5 + (1 - (-z.relu()).exponential()) * 0.5
    }
  }
}

/// Which paths the gradient takes back through a membrane.
public enum TemporalGradient: String, Sendable, CaseIterable, Codable {
  /// Backpropagation through time: through the synapses and through the membrane to earlier steps.
  case throughTime
  /// Spatial learning through time (SLTT, Meng et al. 2023): each step for itself; what the membrane carries
  /// over is a constant to the gradient. The forward pass is the same.
  case withinStep
}

/// What happens to the membrane after a spike.
public enum Reset: Int, Sendable, CaseIterable {
  /// The threshold is subtracted.
  case soft = 0
  /// The potential returns to 0.
  case hard = 1
  /// Nothing.
  case none = 2
}
