/// Tensors with names, in a fixed order: a network's parameters, their gradients, the content of a file.
///
/// Like ``Tensor`` it shares the numbers it holds; `map` makes a new collection.
public struct NamedTensors: Sendable {
  public private(set) var names: [String] = []
  private var byName: [String: Tensor] = [:]

  public init() {}

  /// - Precondition: the names differ.
  public init(_ pairs: some Sequence<(String, Tensor)>) {
    for (name, tensor) in pairs {
      precondition(byName[name] == nil, "two tensors are named '\(name)'")
      self[name] = tensor
    }
  }

  public var count: Int { names.count }
  public var isEmpty: Bool { names.isEmpty }

  /// The tensors, in the order of ``names``.
  public var tensors: [Tensor] { names.map { byName[$0]! } }

  /// Setting a new name appends it; setting nil removes the name.
  public subscript(name: String) -> Tensor? {
    get { byName[name] }
    set {
      if byName[name] == nil, newValue != nil { names.append(name) }
      if newValue == nil { names.removeAll { $0 == name } }
      byName[name] = newValue
    }
  }

  public func map(_ transform: (Tensor) throws -> Tensor) rethrows -> NamedTensors {
    var result = self
    for name in names { result.byName[name] = try transform(byName[name]!) }
    return result
  }

  public func filter(_ keep: (String) throws -> Bool) rethrows -> NamedTensors {
    NamedTensors(try names.filter(keep).map { ($0, byName[$0]!) })
  }

  /// The same tensors under names that start with `prefix`.
  public func prefixed(_ prefix: String) -> NamedTensors {
    NamedTensors(map { (prefix + $0.name, $0.tensor) })
  }

  /// Adds the tensors of another collection after these. Names must differ.
  public mutating func merge(_ other: NamedTensors) {
    for (name, tensor) in other {
      precondition(byName[name] == nil, "two tensors are named '\(name)'")
      self[name] = tensor
    }
  }
}

extension NamedTensors: Sequence {
  public func makeIterator() -> some IteratorProtocol<(name: String, tensor: Tensor)> {
    names.lazy.map { (name: $0, tensor: byName[$0]!) }.makeIterator()
  }
}

extension NamedTensors: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, Tensor)...) { self.init(elements) }
}
