import Torch

/// What flows between the layers of a spiking network: one value for each time step and example.
///
/// Time is folded into the batch, `[T·B, …]` with time outermost, so a layer without state handles all
/// steps in one call. A constant signal holds one step, `[B, …]`, that is repeated `steps` times: under
/// direct coding everything before the first neuron is constant and is computed once.
public struct Signal: Sendable {
  /// `[T·B, …]`, or `[B, …]` when constant.
  public let values: Tensor
  /// T
  public let steps: Int
  public let isConstant: Bool

  /// A signal with its own values in each step.
  ///
  /// - Precondition: the first extent is a multiple of `steps`.
  public init(stepped values: Tensor, steps: Int) {
    precondition(
      steps > 0 && values.rank > 0 && values.size(0) % steps == 0,
      "a signal of \(steps) steps needs a first extent that is a multiple of it, got \(values.shape)"
    )
    self.values = values
    self.steps = steps
    isConstant = false
  }

  /// The same values in every step.
  public init(constant values: Tensor, steps: Int) {
    precondition(steps > 0 && values.rank > 0, "a signal needs at least one step, got \(steps)")
    self.values = values
    self.steps = steps
    isConstant = true
  }

  /// B
  public var batchSize: Int { isConstant ? values.size(0) : values.size(0) / steps }

  /// How many time steps one row of ``values`` stands for.
  public var copies: Int { isConstant ? steps : 1 }

  /// Applies a layer that treats every row alike.
  public func map(_ layer: (Tensor) -> Tensor) -> Signal { replacing(layer(values)) }

  private func replacing(_ values: Tensor) -> Signal {
    isConstant ? Signal(constant: values, steps: steps) : Signal(stepped: values, steps: steps)
  }

  /// All steps one after the other, `[T·B, …]`; copies when constant.
  public var folded: Tensor {
    guard isConstant else { return values }
    return values.tiled([steps] + Array(repeating: 1, count: values.rank - 1))
  }

  /// All steps, `[T, B, …]`.
  public var unfolded: Tensor {
    let all = folded
    return all.reshaped([steps, batchSize] + all.shape.dropFirst())
  }

  private static let split: Operator = {
    do { return try Operator("split", "Tensor") } catch { fatalError("\(error)") }
  }()

  /// One tensor `[B, …]` for each step; the same one where constant. Their gradients are joined in one go.
  public var eachStep: [Tensor] {
    guard !isConstant else { return Array(repeating: values, count: steps) }
    do {
      return try Self.split.results(values, batchSize, 0)[0].tensors
    } catch { fatalError(error.description) }
  }
}
