public import Torch

/// The curvature of a loss at its parameters' present values, as products with vectors `[n]` over
/// all parameters in their order.
///
/// One batch: its graphs are built once and kept, so that a further product is one backward pass
/// through them, two for a ``CurvatureProduct/symmetricPart`` or ``CurvatureProduct/gaussNewton``.
/// Several: every product builds and frees the graphs of one batch after the other, so that memory
/// does not grow with their number; results are the weighted mean.
///
/// The parameters must not move while this lives.
public final class LossCurvature: LinearOperator {
  public let loss: LossFunction
  public let product: CurvatureProduct
  /// Products so far.
  public private(set) var productCount = 0

  private let layout: ParameterLayout
  private let parameters: [Tensor]
  private var kept: BatchCurvature?

  /// - Throws: ``CurvatureError`` where there are no parameters or batches.
  /// - Precondition: the parameters have one floating-point type.
  public init(
    of loss: LossFunction, product: CurvatureProduct = .transposedJacobian
  ) throws(CurvatureError) {
    try loss.checkPresence()
    self.loss = loss
    self.product = product
    layout = ParameterLayout(loss.parameters)
    parameters = loss.parameters.tensors
  }

  public var dimension: Int { layout.dimension }
  public var dtype: DType { parameters[0].dtype }
  public var device: Device { parameters[0].device }

  /// - Parameter vector: `[n]`, of the parameters' type.
  /// - Throws: ``CurvatureError`` where loss, gradient or product are not finite or cannot be
  ///   differentiated.
  public func callAsFunction(_ vector: Tensor) throws(CurvatureError) -> Tensor {
    try times(vector, product)
  }

  /// Another product than this one's own, from the same graphs.
  public func times(
    _ vector: Tensor, _ product: CurvatureProduct
  ) throws(CurvatureError) -> Tensor {
    layout.check(vector, dtype)
    productCount += 1
    let parts = layout.parts(of: vector.detached())
    let result = try mean { batch throws(CurvatureError) in
      layout.joined(try batch.times(parts, product))
    }
    guard isFinite(result) else { throw .notFinite("product") }
    return result
  }

  /// F(θ), the gradient that backpropagation gives, `[n]`.
  public func gradient() throws(CurvatureError) -> Tensor {
    guard loss.batches.count == 1 else { return try loss.evaluated().gradient }
    return try mean { batch throws(CurvatureError) in
      layout.joined(try batch.recordedGradients().map { $0.detached() })
    }
  }

  private func mean(
    _ value: (BatchCurvature) throws(CurvatureError) -> Tensor
  ) throws(CurvatureError) -> Tensor {
    if loss.batches.count == 1 {
      if kept == nil {
        kept = try BatchCurvature(loss.batches[0], of: parameters, isKept: true)
      }
      return try value(kept!)
    }
    let sum = Tensor.zeros([dimension], dtype: dtype, device: device)
    for batch in loss.batches {
      let term = try value(try BatchCurvature(batch, of: parameters, isKept: false))
      sum.addInPlace(term, scale: loss.share(of: batch))
    }
    return sum
  }
}
