public import Torch

/// Replaces gradients by their running sum: b ← g + μ b, g ← b, with b = g in the first step.
///
/// As `torch.optim.SGD` with dampening 0 and `nesterov` false. After deflation the buffer is a sum of
/// deflated gradients; its own leading singular term is not removed (the release is the same).
public struct Momentum: GradientTransform {
  public var name: String { "momentum" }
  public let factor: Double
  // Never written after they are made, so that copies of an optimiser do not feel each other.
  private var buffers = NamedTensors()

  public init(_ factor: Double) { self.factor = factor }

  public mutating func apply(
    to gradients: inout NamedTensors, at parameters: NamedTensors, step: Int
  ) {
    for (name, gradient) in gradients {
      if let buffer = buffers[name] {
        precondition(
          buffer.shape == gradient.shape,
          "Momentum: '\(name)' had shape \(buffer.shape), its gradient has \(gradient.shape)")
        buffers[name] = gradient.detached().adding(buffer, scale: factor)
      } else {
        buffers[name] = gradient.detached().copied()
      }
      gradients[name] = buffers[name]!
    }
  }

  /// The buffers by parameter name.
  public var state: NamedTensors {
    get { buffers.map { $0.copied() } }
    set { buffers = newValue.map { $0.detached().copied() } }
  }

  public var description: String { "Momentum(\(factor))" }
}
