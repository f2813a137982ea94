/// Opcodes of a pickle, put together by hand.
enum PickleContent {
  /// Protocol 2, the opcodes, and the end.
  static func pickle(_ parts: [UInt8]...) -> [UInt8] {
    [0x80, 2] + parts.flatMap(\.self) + op(".")
  }

  /// One after the other. Long sums of arrays are slow to type-check.
  static func all(_ parts: [UInt8]...) -> [UInt8] { parts.flatMap(\.self) }
  static func bytes(_ bytes: UInt8...) -> [UInt8] { bytes }

  static func op(_ text: String) -> [UInt8] { Array(text.utf8) }
  static func text(_ text: String) -> [UInt8] {
    op("X") + le(UInt64(text.utf8.count), 4) + Array(text.utf8)
  }
  static func int(_ value: Int) -> [UInt8] {
    [0x8a, 8] + le(UInt64(bitPattern: Int64(value)), 8)
  }
  static func global(_ module: String, _ name: String) -> [UInt8] { op("c\(module)\n\(name)\n") }
  static func tuple(_ parts: [UInt8]...) -> [UInt8] {
    op("(") + parts.flatMap(\.self) + op("t")
  }
  static func tuple(_ numbers: [Int]) -> [UInt8] { op("(") + numbers.flatMap(int) + op("t") }

  static func storage(
    _ type: String = "FloatStorage", key: String = "0", count: Int = 4
  ) -> [UInt8] {
    all(tuple(text("storage"), global("torch", type), text(key), text("cpu"), int(count)), op("Q"))
  }

  static func tensor(
    _ storage: [UInt8] = storage(), offset: Int = 0, shape: [Int] = [4], strides: [Int] = [1]
  ) -> [UInt8] {
    let arguments = tuple(
      storage, int(offset), tuple(shape), tuple(strides), bytes(0x89), op("N"))
    return all(global("torch._utils", "_rebuild_tensor_v2"), arguments, op("R"))
  }

  /// `{"a": value}`
  static func dictionary(_ value: [UInt8]) -> [UInt8] { all(op("}"), text("a"), value, op("s")) }
}
