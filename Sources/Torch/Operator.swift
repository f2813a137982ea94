internal import CTorch

/// Any operator that the engine knows, by name: all of ATen and the project's own kernels.
///
/// Arguments follow the operator's ``schema``; trailing ones with a default may be left out. Everything else
/// in this module is written with it, so whatever is missing there can be called directly:
///
/// ```swift
/// let cummax = try Operator("aten::cummax")
/// let running = try cummax(scores, 0)
/// ```
public struct Operator: @unchecked Sendable {
  public let name: String
  private let raw: CTOperator

  /// Looks an operator up, as `aten::add` with overload `Tensor`. `aten::` may be left out.
  public init(_ name: String, _ overload: String = "") throws(TorchError) {
    let full = name.contains(":") ? name : "aten::" + name
    var error = CTError()
    guard let raw = ct_operator(full, overload, &error) else {
      throw TorchError(error, in: full)
    }
    self.raw = raw
    self.name = full
  }

  /// An operator that every LibTorch of the supported version has.
  init(known name: String, _ overload: String = "") {
    self = must { () throws(TorchError) in try Operator(name, overload) }
  }

  /// The operator's signature in the engine's notation.
  public var schema: String {
    let length = Int(ct_operator_schema(raw, UnsafeMutablePointer(bitPattern: 1)!, 0))
    return String(unsafeUninitializedCapacity: length + 1) { buffer in
      buffer.withMemoryRebound(to: CChar.self) {
        _ = ct_operator_schema(raw, $0.baseAddress!, Int32(length + 1))
      }
      return length
    }
  }

  /// Calls the operator and returns its only result, a tensor.
  public func callAsFunction<each Argument: OperatorArgument>(
    _ arguments: repeat each Argument
  ) throws(TorchError) -> Tensor {
    var result = CTValue()
    _ = try withUnsafeMutablePointer(to: &result) { results throws(TorchError) in
      try run(UnsafeMutableBufferPointer(start: results, count: 1), repeat each arguments)
    }
    guard result.tag == .tensor, let p = result.u.p else {
      fatalError("\(name) returns no tensor: use `results`")
    }
    return Tensor(owning: CTTensor(rawValue: OpaquePointer(p)))
  }

  /// Calls the operator and returns all its results.
  public func results<each Argument: OperatorArgument>(
    _ arguments: repeat each Argument
  ) throws(TorchError) -> [OperatorResult] {
    try withUnsafeTemporaryAllocation(of: CTValue.self, capacity: 8) {
      results throws(TorchError) in
      let count = try run(results, repeat each arguments)
      return results.prefix(count).map(OperatorResult.init(taking:))
    }
  }

  private func run<each Argument: OperatorArgument>(
    _ results: UnsafeMutableBufferPointer<CTValue>, _ arguments: repeat each Argument
  ) throws(TorchError) -> Int {
    var count = 0
    for _ in repeat (each Argument).self { count += 1 }
    var error = CTError()
    let produced = withUnsafeTemporaryAllocation(of: ArgumentSlot.self, capacity: max(count, 1)) {
      slots in
      withUnsafeTemporaryAllocation(of: CTValue.self, capacity: max(count, 1)) { values in
        var index = 0
        for argument in repeat each arguments {
          slots.initializeElement(at: index, to: ArgumentSlot())
          argument.encode(into: &slots[index])
          values[index] = slots[index].value
          index += 1
        }
        let produced = ct_call(
          raw, values.baseAddress!, Int32(count), results.baseAddress!, Int32(results.count),
          &error)
        for slot in slots.prefix(count) { slot.owned?.deallocate() }
        return produced
      }
    }
    // The slots hold bare pointers into the arguments.
    withExtendedLifetime((repeat each arguments)) {}
    guard produced >= 0 else { throw TorchError(error, in: name) }
    return Int(produced)
  }
}

/// One result of an operator.
public enum OperatorResult: Sendable {
  case none
  case tensor(Tensor)
  case int(Int)
  case double(Double)
  case bool(Bool)
  case tensors([Tensor])

  init(taking value: CTValue) {
    switch value.tag {
    case .tensor: self = .tensor(Tensor(owning: CTTensor(rawValue: OpaquePointer(value.u.p!))))
    case .int: self = .int(Int(value.u.i))
    case .double: self = .double(value.u.d)
    case .bool: self = .bool(value.u.i != 0)
    case .tensors:
      let handles = value.u.p!.assumingMemoryBound(to: OpaquePointer.self)
      self = .tensors(
        (0..<Int(value.count)).map { Tensor(owning: CTTensor(rawValue: handles[$0])) })
      ct_free(value.u.p)
    default: self = .none
    }
  }

  /// The tensor of this result; a programmer's error if it is something else.
  public var tensor: Tensor {
    guard case .tensor(let tensor) = self else { fatalError("expected a tensor, got \(self)") }
    return tensor
  }

  /// The tensors of this result; a programmer's error if it is something else.
  public var tensors: [Tensor] {
    guard case .tensors(let tensors) = self else { fatalError("expected tensors, got \(self)") }
    return tensors
  }
}
