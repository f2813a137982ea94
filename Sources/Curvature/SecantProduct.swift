public import Torch

/// How the gradient changes over a step of a given length: what an optimiser, or an attack on the
/// weights, really meets.
///
///     S(v) = (F(θ + h v̂) − F(θ − h v̂)) / 2h · ‖v‖,     v̂ = v / ‖v‖
///
/// with h the length of the step in parameter space. Spikes flip on the way: that, which no
/// derivative at θ sees, is in it, so S is linear only where F is smooth.
///
/// - Of a smooth network: S → Jv as h → 0, with an error of O(h²) and one of rounding, ε‖F‖/h.
/// - Of a spiking network, h so short that no spike flips: the derivative of F in the plain sense,
///   all spikes held at their values. That is **not** J, in which a spike changes by its surrogate
///   (``CurvatureProduct``), and it is not symmetric.
/// - Of a spiking network, h that flips spikes: neither linear in v nor symmetric.
///
/// It costs two gradients a product. The parameters are moved while it runs and then put back bit
/// for bit, also where it throws.
public struct SecantProduct {
  public let loss: LossFunction
  /// h
  public let step: Double
  private let layout: ParameterLayout
  /// Of a step, relative to its length.
  private static let mostRounding = 0.1

  /// - Parameter step: h, the Euclidean length of the step in the space of all parameters.
  /// - Throws: ``CurvatureError`` where there are no parameters or batches.
  /// - Precondition: h is positive and finite.
  public init(of loss: LossFunction, step: Double) throws(CurvatureError) {
    precondition(
      step > 0 && step.isFinite, "SecantProduct: expected a step of positive length, got \(step)")
    try loss.checkPresence()
    self.loss = loss
    self.step = step
    layout = ParameterLayout(loss.parameters)
  }

  public var dimension: Int { layout.dimension }

  /// - Parameter vector: `[n]`, of the parameters' type; of 0 it gives 0.
  /// - Throws: ``CurvatureError`` where loss or gradient are not finite at either end, and
  ///   ``CurvatureError/stepLost(step:rounding:)`` where adding the step to the parameters rounds
  ///   away more than a tenth of it: the difference would be of another step, or 0 of none.
  public func callAsFunction(_ vector: Tensor) throws(CurvatureError) -> Tensor {
    layout.check(vector, loss.parameters.tensors[0].dtype)
    let size = length(vector)
    guard size > 0 else { return Tensor.zeros(like: vector) }
    let scale = step / size
    let forth = try gradient(movedBy: vector * scale)
    let back = try gradient(movedBy: vector * -scale)
    let result = (forth - back) / (2 * scale)
    guard result.isFinite().allTrue() else { throw .notFinite("product") }
    return result
  }

  private func gradient(movedBy offset: Tensor) throws(CurvatureError) -> Tensor {
    let tensors = loss.parameters.tensors
    let offset = offset.detached()
    let moved = zip(tensors, layout.parts(of: offset)).map { $0.detached() + $1 }
    let taken = layout.joined(zip(moved, tensors).map { $0 - $1.detached() })
    let asked = length(offset)
    let rounding = asked > 0 ? length(taken - offset) / asked : 1
    guard rounding <= Self.mostRounding else { throw .stepLost(step: step, rounding: rounding) }
    return try withNumbers(moved, in: tensors) { () throws(CurvatureError) in
      try loss.evaluated().gradient
    }
  }
}
