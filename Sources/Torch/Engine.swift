internal import CTorch

/// Facts about the engine that runs in this process.
public enum Engine {
  /// LibTorch's version, as `2.11.0`.
  public static var version: String { String(cString: ct_version()) }

  /// The widest vector instructions that the engine uses here: `DEFAULT`, `AVX2` or `AVX512`.
  public static var cpuCapability: String { String(cString: ct_cpu_capability()) }

  /// How many threads an operation started on this thread may use.
  ///
  /// Setting it affects this thread, and every other thread that has not yet run an operation.
  public static var threads: Int {
    get { Int(ct_threads()) }
    set { ct_set_threads(Int32(newValue)) }
  }

  /// CUDA devices that can be used now. CUDA is looked for when the process starts and never needed.
  public static var cudaDeviceCount: Int { Int(ct_cuda_device_count()) }

  /// Why CUDA cannot be used, or nil when it was loaded.
  public static var cudaAbsence: String? { ct_cuda_absence().map { String(cString: $0) } }

  /// Keeps the memory of tensors that are gone for those to come, until the process ends.
  ///
  /// For programs that train: a step allocates what the step before freed, and otherwise the kernel takes the
  /// pages back and clears them again each time (docs/performance.md says what that costs). The process stays at
  /// its highest memory use; numbers do not change. It acts on the whole process, so a library should leave it
  /// to its caller; call it before the first tensor is made. What other threads than the main one allocate is
  /// returned as before: glibc gives them heaps of their own, which this does not govern.
  ///
  /// - Returns: false where the C library is not glibc; nothing changes then.
  @discardableResult
  public static func keepFreedMemory() -> Bool { ct_keep_memory() }

  /// Called when memory runs out in the middle of tensor arithmetic, before the program traps: the place to say
  /// what was saved, and to exit. Set it before the first tensor is made.
  nonisolated(unsafe) public static var onOutOfMemory: (@Sendable (TorchError) -> Void)?

  /// Runs `rounds` additions in a plain C++ loop: what the bridge's overhead is measured against.
  public static func yardstickAdditions(_ a: Tensor, _ b: Tensor, rounds: Int) {
    _ = withExtendedLifetime((a, b)) { ct_yardstick_add(a.raw, b.raw, Int64(rounds)) }
  }
}
