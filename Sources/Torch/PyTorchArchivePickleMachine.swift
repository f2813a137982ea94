/// Reads opcodes of protocols 2 to 5, those that collections of tensors, numbers and texts need.
///
/// Source: CPython's `Lib/pickletools.py`, which describes every opcode.
struct PyTorchArchivePickleMachine {
  typealias Failure = PyTorchArchive.Failure
  typealias Value = PyTorchArchivePickle.Value

  private let bytes: [UInt8]
  private var position = 0
  private(set) var opcodeAt = 0
  var stack: [Value] = []
  /// How high the stack was at each mark.
  var marks: [Int] = []
  private(set) var memo: [Int: Value] = [:]
  var collections: [PyTorchArchivePickle.Collection] = []
  var tensors: [PyTorchArchivePickle.View] = []

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func run() throws(Failure) -> Value {
    guard bytes.count >= 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) else {
      throw Failure(
        .otherFormat, "pickle", expected: "protocol 2 to 5",
        found: bytes.prefix(2).map { String($0, radix: 16) }.joined(separator: " "),
        remedy: "save it again: " + Failure.python("torch.load('old.pth', weights_only=True)"))
    }
    position = 2
    while true {
      opcodeAt = position
      let opcode = try take(1).first!
      if opcode == UInt8(ascii: ".") { return try pop() }
      try execute(opcode)
    }
  }

  func damaged(_ expected: String, _ found: String) -> Failure {
    Failure(.damaged, "pickle", expected: expected, found: "\(found) at byte \(opcodeAt)")
  }

  // MARK: The bytes

  mutating func take(_ count: Int) throws(Failure) -> ArraySlice<UInt8> {
    guard count <= bytes.count - position else {
      throw damaged("\(count) more bytes", "\(bytes.count - position)")
    }
    defer { position += count }
    return bytes[position..<position + count]
  }

  mutating func number(_ byteCount: Int) throws(Failure) -> UInt64 {
    try take(byteCount).littleEndian(0, byteCount)
  }

  /// A number that counts or names something, so it is not negative.
  mutating func length(_ byteCount: Int) throws(Failure) -> Int {
    let value = try number(byteCount)
    guard let length = Int(exactly: value) else { throw damaged("a length", "\(value)") }
    return length
  }

  /// Two's complement of any length.
  mutating func integer(_ byteCount: Int) throws(Failure) -> Value {
    let digits = try take(byteCount)
    let isNegative = (digits.last ?? 0) >= 0x80
    let rest = digits.dropFirst(8)
    guard rest.allSatisfy({ $0 == (isNegative ? 0xff : 0) }) else { return .hugeInt }
    let low = Array(digits.prefix(8))
    let padded = low + [UInt8](repeating: isNegative ? 0xff : 0, count: 8 - low.count)
    let value = Int(truncatingIfNeeded: padded.littleEndian(0, 8))
    return (value < 0) == isNegative ? .int(value) : .hugeInt
  }

  mutating func text(_ byteCount: Int) throws(Failure) -> String {
    guard let text = String(validating: try take(byteCount), as: UTF8.self) else {
      throw damaged("text in UTF-8", "other bytes")
    }
    return text
  }

  mutating func line() throws(Failure) -> String {
    let longest = 256
    guard let end = bytes[position...].prefix(longest).firstIndex(of: UInt8(ascii: "\n")) else {
      throw damaged("a name of at most \(longest) bytes", "a longer one")
    }
    let name = try text(end - position)
    position += 1
    return name
  }

  // MARK: The stack and the memo

  /// Values above the last mark only: what lies below belongs to a collection that is not begun yet.
  mutating func pop(_ count: Int) throws(Failure) -> [Value] {
    guard stack.count - (marks.last ?? 0) >= count else {
      throw damaged("\(count) values on the stack", "\(stack.count - (marks.last ?? 0))")
    }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  mutating func pop() throws(Failure) -> Value { try pop(1)[0] }

  mutating func popToMark() throws(Failure) -> [Value] {
    guard let mark = marks.popLast() else { throw damaged("a mark on the stack", "none") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  mutating func remember(_ index: Int) throws(Failure) {
    let value = try pop()
    memo[index] = value
    stack.append(value)
  }

  mutating func recall(_ index: Int) throws(Failure) {
    guard let value = memo[index] else { throw damaged("a value \(index) in the memo", "none") }
    stack.append(value)
  }

  // MARK: Collections

  mutating func make(_ kind: PyTorchArchivePickle.Collection.Kind, _ items: [Value] = []) {
    stack.append(new(kind, items))
  }

  mutating func new(
    _ kind: PyTorchArchivePickle.Collection.Kind, _ items: [Value] = [], isOrdered: Bool = false
  ) -> Value {
    collections.append(.init(kind: kind, items: items, isOrdered: isOrdered))
    return .collection(collections.count - 1)
  }

  mutating func extend(
    with items: [Value], _ kinds: [PyTorchArchivePickle.Collection.Kind]
  ) throws(Failure) {
    guard case .collection(let index)? = stack.last, stack.count > marks.last ?? 0,
      kinds.contains(collections[index].kind),
      collections[index].kind != .dictionary || items.count % 2 == 0
    else {
      throw damaged("a \(kinds[0]) to add to, and whole entries", "something else")
    }
    collections[index].items += items
  }

  /// Attributes: an ordered dictionary carries PyTorch's `_metadata`, which no reader of tensors needs.
  func build(_ state: Value) throws(Failure) {
    if case .collection(let target)? = stack.last, collections[target].isOrdered,
      case .collection(let attributes) = state, collections[attributes].kind == .dictionary
    {
      return
    }
    throw .refused("opcode BUILD at byte \(opcodeAt), which sets an object's state")
  }
}
