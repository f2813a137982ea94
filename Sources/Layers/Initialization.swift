import Torch

/// How the first values of a parameter are drawn.
public enum Initialization: Sendable, Equatable {
  case zeros
  case ones
  case normal(standardDeviation: Double)
  /// Between −bound and bound.
  case uniform(bound: Double)

  /// Kaiming's for rectifiers, fan out: normal with deviation √(2 / (out · k²)) (He et al. 2015, eq. 14).
  public static func kaimingFanOut(_ outChannels: Int, kernel: Int) -> Initialization {
    .normal(standardDeviation: (2 / Double(outChannels * kernel * kernel)).squareRoot())
  }

  /// PyTorch's default of a linear layer's weights and of every bias: uniform with bound 1 / √fanIn.
  public static func pyTorch(fanIn: Int) -> Initialization {
    .uniform(bound: 1 / Double(fanIn).squareRoot())
  }

  /// A new parameter, float32.
  ///
  /// - Parameter generator: nil gives zeros whatever the rule: for weights that are loaded next, or only
  ///   counted.
  public func parameter(_ shape: [Int], using generator: Generator?) -> Tensor {
    guard let generator else { return Tensor.zeros(shape).requiringGradient() }
    let values =
      switch self {
      case .zeros: Tensor.zeros(shape)
      case .ones: Tensor.ones(shape)
      case .normal(let deviation):
        Tensor.normal(shape, standardDeviation: deviation, using: generator)
      case .uniform(let bound): Tensor.uniform(shape, in: -bound...bound, using: generator)
      }
    return values.requiringGradient()
  }
}
