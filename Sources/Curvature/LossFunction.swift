public import Torch

/// A loss as a function of named parameters: the weighted mean over batches of a loss of outputs.
///
///     L(θ) = Σ wᵢ ℓᵢ(fᵢ(θ)) / Σ wᵢ
///
/// Outputs and loss are told apart so that Gauss–Newton products can be formed. Both are closures
/// over the same leaf tensors, called anew for every graph: batches are made when they are needed,
/// and memory holds one at a time.
public struct LossFunction {
  public struct Batch {
    /// wᵢ, usually the number of examples.
    public let weight: Double
    /// fᵢ: the outputs, of any shape, recorded from the parameters on.
    public let outputs: () -> Tensor
    /// ℓᵢ: outputs → scalar.
    public let loss: (Tensor) -> Tensor

    public init(
      weight: Double = 1, outputs: @escaping () -> Tensor, loss: @escaping (Tensor) -> Tensor
    ) {
      self.weight = weight
      self.outputs = outputs
      self.loss = loss
    }
  }

  /// Leaves that require gradients.
  public let parameters: NamedTensors
  public let batches: [Batch]

  public init(of parameters: NamedTensors, over batches: [Batch]) {
    self.parameters = parameters
    self.batches = batches
  }

  /// A loss without parts, as of a test.
  public init(of parameters: NamedTensors, _ loss: @escaping () -> Tensor) {
    self.init(of: parameters, over: [Batch(outputs: loss, loss: { $0 })])
  }
}
