import Foundation
import Torch

/// The processes of one setting: ours and the peers', on the same weights and the same batch.
final class Sides {
  let setting: StepSetting
  private let folder: URL
  private let options: Options

  /// Writes the files that every side reads.
  ///
  /// - Parameter write: what is written; fresh weights and noise if not given.
  init(
    _ setting: StepSetting, _ options: Options,
    write: ((_ weights: String, _ batch: String) throws -> Void)? = nil
  ) throws {
    self.setting = setting
    self.options = options
    folder = try FileManager.default.url(
      for: .itemReplacementDirectory, in: .userDomainMask,
      appropriateFor: FileManager.default.temporaryDirectory, create: true)
    let (weights, batch) = (path("weights.safetensors"), path("batch.safetensors"))
    if let write {
      try write(weights, batch)
    } else {
      try setting.write(weights: weights, batch: batch)
    }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// The peer's memory layouts.
  static let layouts = ["contiguous", "channels-last"]

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private var files: [String] {
    ["--weights", path("weights.safetensors"), "--batch", path("batch.safetensors")]
  }

  /// - Parameter recipe: options of our worker that make the training step another one.
  func ours(
    _ name: String = "Spikeguard", deflation: String = "none", returningMemory: Bool = false,
    recipe: [String] = []
  ) throws -> Worker {
    try Worker(
      name, try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
      ["worker", "--deflation", deflation, "--threads", "\(Engine.threads)"]
        + (returningMemory ? ["--return-memory"] : []) + recipe + files + setting.arguments)
  }

  /// The stem once instead of T times, as ours: a plain SpikingJelly model repeats it.
  func peer(
    _ layout: String, keepingMemory: Bool = false, of peer: Peer = .spikingJelly
  ) throws -> Worker {
    // What `Engine.keepFreedMemory` asks of the C library, asked from outside.
    var environment: [String: String] =
      keepingMemory
      ? ["MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "4611686018427387904"] : [:]
    environment["PYTHONPATH"] = peer.folder.map { options.root + "/.deps/peers/beside/" + $0 } ?? ""
    return try Worker(
      "\(peer.name), \(layout)" + (keepingMemory ? ", memory kept" : ""), options.python,
      [
        options.root + "/Benchmarks/peers/" + peer.script, "--layout", layout, "--stem", "once",
        "--threads", "\(Engine.threads)",
      ] + files + setting.sharedArguments, environment: environment)
  }
}
