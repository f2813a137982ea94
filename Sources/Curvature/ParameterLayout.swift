import Torch

/// How named parameters lie in one vector `[n]`: one after the other, each in row-major order.
struct ParameterLayout {
  let shapes: [[Int]]
  let dimension: Int

  init(_ parameters: NamedTensors) {
    shapes = parameters.tensors.map(\.shape)
    dimension = shapes.reduce(0) { $0 + $1.reduce(1, *) }
  }

  /// Outside of any graph. Each tensor is written once, where it belongs, whatever its order in
  /// memory.
  func joined(_ tensors: [Tensor]) -> Tensor {
    let vector = Tensor.uninitialized(
      [dimension], dtype: tensors[0].dtype, device: tensors[0].device)
    for (place, tensor) in zip(parts(of: vector), tensors) {
      place.copyInPlace(from: tensor.detached())
    }
    return vector
  }

  /// Views of the vector.
  func parts(of vector: Tensor) -> [Tensor] {
    var start = 0
    return shapes.map { shape in
      let count = shape.reduce(1, *)
      defer { start += count }
      return vector.slicing(start..<start + count, along: 0).reshaped(shape)
    }
  }

  /// - Precondition: the vector has one number for each parameter, of the parameters' type.
  func check(_ vector: Tensor, _ dtype: DType) {
    precondition(
      vector.shape == [dimension] && vector.dtype == dtype,
      "a product with the curvature: expected a \(dtype) vector of shape [\(dimension)], "
        + "got \(vector.dtype) of shape \(vector.shape)")
  }
}
