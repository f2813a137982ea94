/// What a pickle of tensors holds: plain values in an arena. Nothing in it is ever called or imported.
///
/// Collections refer to one another by index, so a pickle that nests or repeats them without end costs what
/// its bytes cost, and nothing more.
struct PyTorchArchivePickle: Sendable {
  enum Value: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    /// An integer beyond 64 bits. Its value is of no use here.
    case hugeInt
    case float(Double)
    case text(String)
    case bytes(Int)
    /// An index into ``collections``.
    case collection(Int)
    case global(Global)
    case storage(Storage)
    /// An index into ``tensors``.
    case tensor(Int)
  }

  struct Collection: Sendable {
    enum Kind: String, Sendable { case list, tuple, set, dictionary }
    let kind: Kind
    /// Elements; a dictionary's keys and values alternate, and of equal keys the last counts.
    var items: [Value] = []
    /// Made by `collections.OrderedDict()`, which may carry attributes.
    var isOrdered = false
  }

  /// A record of numbers that tensors are views of.
  struct Storage: Sendable, Hashable {
    let key: String
    /// Nil for bytes without a type.
    let dtype: DType?
    /// In elements.
    let count: Int
  }

  /// A tensor as a view of a storage.
  struct View: Sendable {
    let storage: Storage
    let dtype: DType
    let offset: Int
    let shape: [Int]
    let strides: [Int]
  }

  let collections: [Collection]
  let tensors: [View]
  let root: Value

  /// - Throws: a failure that names what the pickle wants to run or build, or where it breaks off.
  init(_ bytes: [UInt8]) throws(PyTorchArchive.Failure) {
    var machine = PyTorchArchivePickleMachine(bytes)
    root = try machine.run()
    collections = machine.collections
    tensors = machine.tensors
  }
}
