public import Torch

/// The curvature of a loss at its parameters' present values, as products with vectors `[n]` over all parameters in
/// their order.
///
/// One batch: its graph is built once and kept, so that a product is one backward pass through it
/// (``CurvatureProduct``). Several: every product builds and frees the graph of one batch after the other, so that memory does
/// not grow with their number; results are the weighted mean.
///
/// The parameters must not move while this lives.
public final class LossCurvature: LinearOperator {
  public let loss: LossFunction
  public let product: CurvatureProduct
  /// Products so far.
  public private(set) var productCount = 0

  private let layout: ParameterLayout
  private let parameters: [Tensor]
  private let totalWeight: Double
  private var kept: BatchCurvature?

  /// - Throws: ``CurvatureError`` where there are no parameters or batches.
  public init(
    of loss: LossFunction, product: CurvatureProduct = .transposedJacobian
  ) throws(CurvatureError) {
    guard !loss.parameters.isEmpty else {
      throw .nothing("parameters", remedy: "measure a network that has weights")
    }
    guard !loss.batches.isEmpty else {
      throw .nothing("a batch", remedy: "give one image or more")
    }
    self.loss = loss
    self.product = product
    layout = ParameterLayout(loss.parameters)
    parameters = loss.parameters.tensors
    totalWeight = loss.batches.reduce(0) { $0 + $1.weight }
  }

  public var dimension: Int { layout.dimension }
  public var dtype: DType { parameters[0].dtype }
  public var device: Device { parameters[0].device }

  /// - Parameter vector: `[n]`
  /// - Throws: ``CurvatureError`` where loss, gradient or product are not finite or cannot be differentiated.
  public func callAsFunction(_ vector: Tensor) throws(CurvatureError) -> Tensor {
    precondition(
      vector.shape == [dimension],
      "LossCurvature: expected a vector of \(dimension), got \(vector.shape)")
    productCount += 1
    let parts = layout.parts(of: vector)
    let result = try mean { batch throws(CurvatureError) in
      layout.joined(try batch.times(parts, product))
    }
    guard result.isFinite().allTrue() else { throw .notFinite("product") }
    return result
  }

  /// F(θ), the gradient that backpropagation gives, `[n]`.
  public func gradient() throws(CurvatureError) -> Tensor {
    try mean { batch throws(CurvatureError) in layout.joined(batch.gradients.map { $0.detached() })
    }
  }

  private func mean(
    _ value: (BatchCurvature) throws(CurvatureError) -> Tensor
  ) throws(CurvatureError) -> Tensor {
    if loss.batches.count == 1 {
      if kept == nil { kept = try BatchCurvature(loss.batches[0], of: parameters) }
      return try value(kept!)
    }
    let sum = Tensor.zeros([dimension], dtype: dtype, device: device)
    for batch in loss.batches {
      let term = try value(try BatchCurvature(batch, of: parameters))
      sum.addInPlace(term, scale: batch.weight / totalWeight)
    }
    return sum
  }
}
