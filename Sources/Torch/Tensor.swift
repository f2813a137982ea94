internal import CTorch

/// Owns one reference to the engine's tensor. The count is atomic, so a handle may cross threads.
final class TensorHandle: @unchecked Sendable {
  let raw: CTTensor
  init(owning raw: CTTensor) { self.raw = raw }
  deinit { ct_release(raw) }
}

/// A multi-dimensional array of numbers on a device, with its place in the graph of differentiation.
///
/// Copying a `Tensor` copies the reference, not the numbers: two copies see each other's in-place changes.
/// Operations return new tensors, except those whose name ends in `InPlace`. A shape or type that does not
/// fit is a programmer's error: the operation traps with its name, the shapes and the engine's message. Use
/// ``Operator`` for a call that throws instead.
///
/// Reading from several threads at once is safe; writing while another thread reads is not.
public struct Tensor: @unchecked Sendable {
  let handle: TensorHandle

  init(owning raw: CTTensor) { handle = TensorHandle(owning: raw) }
  var raw: CTTensor { handle.raw }

  /// The extent of each dimension; empty for a scalar.
  public var shape: [Int] {
    withExtendedLifetime(handle) {
      let sizes = ct_sizes(raw)
      return (0..<Int(ct_dim(raw))).map { Int(sizes[$0]) }
    }
  }

  /// How many elements in memory lie between neighbours along each dimension.
  public var strides: [Int] {
    withExtendedLifetime(handle) {
      let strides = ct_strides(raw)
      return (0..<Int(ct_dim(raw))).map { Int(strides[$0]) }
    }
  }

  /// The number of dimensions.
  public var rank: Int { withExtendedLifetime(handle) { Int(ct_dim(raw)) } }

  /// The number of elements.
  public var count: Int { withExtendedLifetime(handle) { Int(ct_numel(raw)) } }

  public var dtype: DType {
    let code = withExtendedLifetime(handle) { ct_dtype(raw) }
    guard let dtype = DType(rawValue: Int(code)) else {
      fatalError("element type \(code) is not one that Spikeguard uses")
    }
    return dtype
  }

  public var device: Device { Device(code: Int(withExtendedLifetime(handle) { ct_device(raw) })) }

  /// The extent of one dimension; negative indices count from the last.
  public func size(_ dimension: Int) -> Int {
    let shape = self.shape
    let index = dimension < 0 ? shape.count + dimension : dimension
    precondition(shape.indices.contains(index), "size: no dimension \(dimension) in shape \(shape)")
    return shape[index]
  }
}

extension Tensor {
  /// Whether both are references to one tensor, as a layer's weight and the parameter of that name.
  public func isSame(as other: Tensor) -> Bool { handle === other.handle }
}

extension Tensor: CustomStringConvertible {
  /// Type and shape, and the numbers when they are few.
  public var description: String {
    let head = "Tensor(\(dtype), shape \(shape)"
    guard count <= 16, dtype != .bfloat16, dtype != .float16 else { return head + ")" }
    return head + ", \(detached().scalars(of: Double.self)))"
  }
}
