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
  // Nothing that is counted: copying an operator, as each call does, costs nothing.
  private let raw: CTOperator

  /// Looks an operator up, as `aten::add` with overload `Tensor`. `aten::` may be left out.
  public init(_ name: String, _ overload: String = "") throws(TorchError) {
    let full = name.contains(":") ? name : "aten::" + name
    var error = CTError()
    guard let raw = ct_operator(full, overload, &error) else {
      throw TorchError(error, in: full)
    }
    self.raw = raw
  }

  /// An operator that every LibTorch of the supported version has.
  init(known name: String, _ overload: String = "") {
    self = must { () throws(TorchError) in try Operator(name, overload) }
  }

  /// The full name without overload, as `aten::add`.
  public var name: String { String(cString: ct_operator_name(raw)) }

  /// The operator's signature in the engine's notation.
  public var schema: String { String(cString: ct_operator_schema(raw)) }

  // The encoded values hold bare pointers into the arguments: hence the extended lifetimes.

  /// Calls the operator and returns its only result, a tensor.
  public func callAsFunction<each Argument: OperatorArgument>(
    _ arguments: repeat each Argument
  ) throws(TorchError) -> Tensor {
    try withEncoded(repeat each arguments, then: single)
  }

  // The same for one and two arguments, for speed: packs of arguments go through tables at run time.
  public func callAsFunction(_ a: some OperatorArgument) throws(TorchError) -> Tensor {
    defer { withExtendedLifetime(a) {} }
    var values = a.encoded.value
    return try withUnsafePointer(to: &values) { pointer throws(TorchError) in
      try single(UnsafeBufferPointer(start: pointer, count: 1))
    }
  }
  public func callAsFunction(
    _ a: some OperatorArgument, _ b: some OperatorArgument
  ) throws(TorchError) -> Tensor {
    defer { withExtendedLifetime((a, b)) {} }
    return try withUnsafeTemporaryAllocation(of: CTValue.self, capacity: 2) {
      values throws(TorchError) in
      values[0] = a.encoded.value
      values[1] = b.encoded.value
      return try single(UnsafeBufferPointer(values))
    }
  }

  /// Calls the operator and returns all its results.
  public func results<each Argument: OperatorArgument>(
    _ arguments: repeat each Argument
  ) throws(TorchError) -> [OperatorResult] {
    try withEncoded(repeat each arguments) { values throws(TorchError) in
      try withUnsafeTemporaryAllocation(of: CTValue.self, capacity: 8) {
        results throws(TorchError) in
        let count = try run(values, results.baseAddress!, capacity: results.count)
        return results.prefix(count).map(OperatorResult.init(taking:))
      }
    }
  }

  private func withEncoded<each Argument: OperatorArgument, Result>(
    _ arguments: repeat each Argument,
    then body: (UnsafeBufferPointer<CTValue>) throws(TorchError) -> Result
  ) throws(TorchError) -> Result {
    var count = 0
    for _ in repeat (each Argument).self { count += 1 }
    defer { withExtendedLifetime((repeat each arguments)) {} }
    return try withUnsafeTemporaryAllocation(of: CTValue.self, capacity: max(count, 1)) {
      values throws(TorchError) in
      var index = 0
      for argument in repeat each arguments {
        values[index] = argument.encoded.value
        index += 1
      }
      return try body(UnsafeBufferPointer(rebasing: values[..<count]))
    }
  }

  private func single(_ values: UnsafeBufferPointer<CTValue>) throws(TorchError) -> Tensor {
    var result = CTValue()
    _ = try run(values, &result, capacity: 1)
    guard result.tag == .tensor, let p = result.u.p else {
      fatalError("\(name) returns no tensor: use `results`")
    }
    return Tensor(owning: CTTensor(rawValue: OpaquePointer(p)))
  }

  /// Calls the operator, frees what the encoded arguments own, and returns the number of results.
  private func run(
    _ values: UnsafeBufferPointer<CTValue>, _ results: UnsafeMutablePointer<CTValue>, capacity: Int
  ) throws(TorchError) -> Int {
    var error = CTError()
    let produced = ct_call(
      raw, values.baseAddress!, Int32(values.count), results, Int32(capacity), &error)
    for value in values { EncodedArgument(value: value).deallocate() }
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
