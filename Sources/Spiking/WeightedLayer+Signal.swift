import Layers
import Torch

extension WeightedLayer {
  /// Applies the layer to all steps; a constant signal is multiplied once.
  ///
  /// A pass that counts gets zeros of the output's shape: see ``ForwardPass/operations``. One that keeps the uses of
  /// weights gets the same numbers with a copy for each step: see ``ForwardPass/weightUses``.
  public func callAsFunction(_ signal: Signal, _ pass: inout ForwardPass) -> Signal {
    guard pass.operations != nil else {
      let output = signal.map { self($0) }
      guard pass.weightUses != nil else { return output }
      let use = WeightUse(of: self, input: signal, output: output)
      pass.weightUses?.append(use)
      return use.output
    }
    let shape = outputShape(for: signal.values.shape)
    pass.operations?.add(multiplyAccumulates(for: shape), isConstant: signal.isConstant)
    return signal.map { Tensor.zeros(shape, dtype: $0.dtype) }
  }
}

/// The multiply-accumulates of a network for one image: every weight at every position, zeros included.
public struct OperationCount: Sendable, Equatable {
  /// On signals that are the same in every step: needed once, however many steps there are.
  public private(set) var once = 0
  /// On signals with a value for each step: needed at every step.
  public private(set) var everyStep = 0

  public init() {}

  /// Of a single time step.
  public var perStep: Int { once + everyStep }

  /// Of all steps, when what is constant in time is computed once.
  public func total(steps: Int) -> Int { once + steps * everyStep }

  mutating func add(_ count: Int, isConstant: Bool) {
    if isConstant { once += count } else { everyStep += count }
  }
}
