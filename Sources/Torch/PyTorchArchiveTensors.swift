extension PyTorchArchive {
  private static let asStrided = Operator(known: "as_strided")

  /// What expanded tensors may repeat beyond the numbers that the file holds: so many times over, and so many
  /// bytes more. `expand` makes a tensor of any size from one number.
  static let largestRepetition = 8
  static let freeRepetition = 16 << 20

  /// Reads the numbers of a dictionary's tensors, each row-major in memory of its own.
  ///
  /// - Throws: ``PyTorchArchiveError`` when a record is missing or damaged, or a view leaves its storage.
  public func tensors(of dictionary: StateDict) throws(PyTorchArchiveError) -> NamedTensors {
    do throws(Failure) { return try read(dictionary) } catch {
      throw PyTorchArchiveError(path: path, error)
    }
  }

  private func read(_ dictionary: StateDict) throws(Failure) -> NamedTensors {
    var uses: [PyTorchArchivePickle.Storage: Int] = [:]
    var (held, wanted) = (0, 0)
    for (name, view) in zip(dictionary.names, dictionary.views) {
      if uses[view.storage] == nil { held += try record(of: view.storage).count }
      uses[view.storage, default: 0] += 1
      wanted = try wanted + byteCount(of: view, name: name)
      guard wanted / Self.largestRepetition <= held + Self.freeRepetition else {
        throw Failure(
          .limit, "tensor '\(name.escaped)'",
          expected: "tensors not much larger than their storages of \(held) bytes",
          found: "\(wanted) bytes",
          remedy: "save expanded tensors by `tensor.contiguous()`")
      }
    }
    var views = uses
    var storages: [PyTorchArchivePickle.Storage: Tensor] = [:]
    var result = NamedTensors()
    for (name, view) in zip(dictionary.names, dictionary.views) {
      let storage: Tensor
      if let known = storages[view.storage] {
        storage = known
      } else {
        storage = try read(view.storage, as: view.dtype)
        storages[view.storage] = storage
      }
      let isShared = uses[view.storage]! > 1
      result[name] = try tensor(view, of: storage, isShared: isShared, name: name)
      // Kept no longer than its last view needs it.
      views[view.storage]! -= 1
      if views[view.storage] == 0 { storages[view.storage] = nil }
    }
    return result
  }

  /// How many bytes a view takes as a tensor of its own, once it is known to stay inside its storage.
  private func byteCount(
    of view: PyTorchArchivePickle.View, name: String
  ) throws(Failure) -> Int {
    // No overflow: a record of so many bytes is there.
    let elements = view.storage.count * (view.storage.dtype?.byteCount ?? 1) / view.dtype.byteCount
    var overflow = false
    var count = view.dtype.byteCount
    var last = view.offset
    for (extent, stride) in zip(view.shape, view.strides) {
      // Extents of zero count as one, as in the check of the whole shape by the engine.
      let product = count.multipliedReportingOverflow(by: max(extent, 1))
      let step = (max(extent, 1) - 1).multipliedReportingOverflow(by: stride)
      let sum = last.addingReportingOverflow(step.partialValue)
      overflow = overflow || product.overflow || step.overflow || sum.overflow
      (count, last) = (product.partialValue, sum.partialValue)
    }
    let isEmpty = view.shape.contains(0)
    guard !overflow, isEmpty ? view.offset <= elements : last < elements else {
      throw Failure(
        .damaged, "tensor '\(name.escaped)'",
        expected: "a view inside its storage of \(elements) elements",
        found: "shape \(view.shape), strides \(view.strides), offset \(view.offset)")
    }
    return isEmpty ? 0 : count
  }

  private func record(
    of storage: PyTorchArchivePickle.Storage
  ) throws(Failure) -> PyTorchArchiveZip.Entry {
    let name = "\(folder)data/\(storage.key)"
    guard let entry = records.entries[name] else {
      throw Failure(
        .damaged, "file", expected: "a record '\(name.escaped)'", found: "none")
    }
    let expected = storage.count.multipliedReportingOverflow(by: storage.dtype?.byteCount ?? 1)
    guard !expected.overflow, entry.count == expected.partialValue else {
      throw Failure(
        .damaged, "record '\(name.escaped)'",
        expected: "\(storage.count) elements of \(storage.dtype?.byteCount ?? 1) bytes",
        found: "\(entry.count) bytes")
    }
    return entry
  }

  /// All numbers of a storage, in one dimension.
  private func read(
    _ storage: PyTorchArchivePickle.Storage, as dtype: DType
  ) throws(Failure) -> Tensor {
    let entry = try record(of: storage)
    let subject = "record '\(entry.name.escaped)'"
    guard entry.count % dtype.byteCount == 0 else {
      throw Failure(
        .damaged, subject, expected: "whole elements of \(dtype)", found: "\(entry.count) bytes")
    }
    let tensor: Tensor
    let memory: UnsafeMutableRawBufferPointer
    do {
      (tensor, memory) = try Tensor.uninitialized([entry.count / dtype.byteCount], dtype: dtype)
    } catch {
      throw Failure(
        .limit, subject, expected: "\(entry.count) bytes of free memory", found: error.message,
        remedy: "free memory or use a larger machine")
    }
    defer { withExtendedLifetime(tensor) {} }
    try records.read(entry, into: memory)
    if isBigEndian {
      for start in stride(from: 0, to: memory.count, by: dtype.byteCount) {
        memory[start..<start + dtype.byteCount].reverse()
      }
    }
    guard dtype != .bool || memory.allSatisfy({ $0 <= 1 }) else {
      throw Failure(.damaged, subject, expected: "Booleans of 0 or 1", found: "another byte")
    }
    return tensor
  }

  private func tensor(
    _ view: PyTorchArchivePickle.View, of storage: Tensor, isShared: Bool, name: String
  ) throws(Failure) -> Tensor {
    do {
      let tensor = try Self.asStrided(storage, view.shape, view.strides, view.offset)
      let isWhole = tensor.count == storage.count && !isShared
      // The shape decides between copies: a transposed tensor has all numbers, too, in another order.
      return isWhole ? tensor.contiguous() : tensor.contiguous().copied()
    } catch {
      throw Failure(
        .damaged, "tensor '\(name.escaped)'", expected: "a view of its storage",
        found: error.message)
    }
  }
}
