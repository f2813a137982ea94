/// The dictionaries of tensors in a pickle, and the plain values beside them.
struct PyTorchArchiveContent {
  typealias Failure = PyTorchArchive.Failure
  typealias Value = PyTorchArchivePickle.Value

  private(set) var stateDicts: [PyTorchArchive.StateDict] = []
  private(set) var scalars: [String: String] = [:]

  private let pickle: PyTorchArchivePickle
  private var visits = 0

  /// Collections inside collections, and values looked at in all. A pickle may repeat one list in another
  /// many times over, so that a few bytes would take for ever to walk.
  static let deepest = 32
  static let mostVisits = 1_000_000

  init(_ pickle: PyTorchArchivePickle) throws(Failure) {
    self.pickle = pickle
    guard case .collection = pickle.root else {
      let found = if case .tensor = pickle.root { "a single tensor" } else { "something else" }
      throw Failure(
        .content, "file", expected: "a dictionary of tensors", found: found,
        remedy: "save a dictionary: " + Failure.python("{'weight': torch.load('old.pth')}"))
    }
    try visit(pickle.root, at: [], depth: 0, isCandidate: true)
  }

  private mutating func visit(
    _ value: Value, at path: [String], depth: Int, isCandidate: Bool
  ) throws(Failure) {
    guard case .collection(let index) = value else { return }
    guard depth < Self.deepest else {
      throw Failure(
        .limit, "pickle", expected: "collections nested at most \(Self.deepest) deep",
        found: "deeper ones", remedy: "check that this is a file of tensors")
    }
    let collection = pickle.collections[index]
    visits += collection.items.count + 1
    guard visits <= Self.mostVisits else {
      throw Failure(
        .limit, "pickle", expected: "at most \(Self.mostVisits) values", found: "more",
        remedy: "check that this is a file of tensors")
    }
    guard collection.kind == .dictionary else {
      for (number, item) in collection.items.enumerated() {
        try visit(item, at: path + ["\(number)"], depth: depth + 1, isCandidate: false)
      }
      return
    }
    try visit(dictionary: collection.items, at: path, depth: depth, isCandidate: isCandidate)
  }

  private mutating func visit(
    dictionary items: [Value], at path: [String], depth: Int, isCandidate: Bool
  ) throws(Failure) {
    var tensors: [String: Int] = [:]
    var names: [String] = []
    let place = stateDicts.count
    for index in stride(from: 0, to: items.count, by: 2) {
      let value = items[index + 1]
      let key: String
      var isName = false
      switch items[index] {
      case .text(let text): (key, isName) = (text, true)
      case .int(let number): key = "\(number)"
      case .bool(let flag): key = "\(flag)"
      default: continue
      }
      switch value {
      case .tensor(let tensor) where isName:
        if tensors.updateValue(tensor, forKey: key) == nil { names.append(key) }
      case .collection:
        try visit(
          value, at: path + [key], depth: depth + 1,
          isCandidate: isCandidate && isName && !key.lowercased().contains("optim"))
      default:
        if isName, let text = Self.text(value) {
          scalars[(path + [key]).joined(separator: ".")] = text
        }
      }
    }
    guard !names.isEmpty else { return }
    stateDicts.insert(
      PyTorchArchive.StateDict(
        key: path.joined(separator: "."), names: names,
        views: names.map { pickle.tensors[tensors[$0]!] }, isCandidate: isCandidate),
      at: place)
  }

  private static func text(_ value: Value) -> String? {
    switch value {
    case .bool(let flag): "\(flag)"
    case .int(let number): "\(number)"
    case .float(let number): "\(number)"
    case .text(let text): text
    default: nil
    }
  }
}

extension PyTorchArchive {
  /// The keys under which training scripts keep a network's state.
  static let networkKeys = [
    "net", "network", "model", "state_dict", "model_state_dict", "model_state", "net_state_dict",
    "weights", "params",
  ]

  /// The dictionary under a key, or the one that holds a network's weights.
  ///
  /// Without a key it is the one under a usual name (`net`, `state_dict`, `model`, …), else the file itself,
  /// else the only one that no number and no optimiser's key leads to.
  ///
  /// - Throws: ``PyTorchArchiveError`` with what was found, when there is none or more than one.
  public func stateDict(_ key: String? = nil) throws(PyTorchArchiveError) -> StateDict {
    let usual = stateDicts.filter { Self.networkKeys.contains($0.key) }
    let matches =
      if let key {
        stateDicts.filter { $0.key == key }
      } else if !usual.isEmpty {
        usual
      } else if let root = stateDicts.first(where: \.key.isEmpty) {
        [root]
      } else {
        stateDicts.filter(\.isCandidate)
      }
    guard matches.count == 1 else {
      let listed = (matches.isEmpty ? stateDicts : matches).prefix(8).map {
        "'\($0.key.escaped)' (\($0.names.count) tensors)"
      }
      throw PyTorchArchiveError(
        path: path,
        Failure(
          .content, "file",
          expected: key.map { "a dictionary of tensors under '\($0.escaped)'" }
            ?? "one dictionary of tensors",
          found: listed.isEmpty ? "none" : listed.joined(separator: ", "),
          remedy: listed.isEmpty
            ? "save the network's state_dict()"
            : "name one of them by its key, or save it alone"))
    }
    return matches[0]
  }
}
