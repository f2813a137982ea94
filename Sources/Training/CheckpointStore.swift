import Foundation

/// The checkpoints of one run: the last, the one before it, and the best.
///
/// Each file is written whole or not at all (temporary file, fsync, rename, fsync of the folder), and at every
/// moment at least one of `last` and `previous` is a complete checkpoint.
public struct CheckpointStore: Sendable, Equatable {
  public enum Slot: String, Sendable, CaseIterable {
    case last, previous, best
    var fileName: String { rawValue + ".safetensors" }
  }

  public let folder: String

  public init(folder: String) { self.folder = folder }

  public func path(_ slot: Slot) -> String { folder + "/" + slot.fileName }

  public func has(_ slot: Slot) -> Bool { FileManager.default.fileExists(atPath: path(slot)) }

  /// Whether there is anything to go on from.
  public var isEmpty: Bool { !has(.last) && !has(.previous) }

  /// Makes this checkpoint the last, and the last one the previous.
  ///
  /// - Throws: ``CheckpointError/notWritten(path:reason:lastGood:)``; what was there is still there.
  public func save<Manifest>(_ checkpoint: Checkpoint<Manifest>) throws {
    do {
      if has(.last) { try duplicate(.last, as: .previous) }
      try checkpoint.write(to: path(.last))
    } catch {
      throw CheckpointError.notWritten(
        path: path(.last), reason: "\(error)", lastGood: lastGood)
    }
  }

  /// Keeps what was saved last as the best, whatever is saved after it.
  public func keepLastAsBest() throws {
    do { try duplicate(.last, as: .best) } catch {
      throw CheckpointError.notWritten(path: path(.best), reason: "\(error)", lastGood: lastGood)
    }
  }

  /// What a run can go on from, for a message.
  public var lastGood: String? {
    [.last, .previous].first { has($0) }.map { path($0) }
  }

  /// The last checkpoint, or the one before it where the last is missing or damaged.
  ///
  /// - Returns: the checkpoint, its path, and why an older one was taken; nil where there is none at all.
  /// - Throws: the error of the last one when the other cannot be read either.
  public func load<Manifest>(
    _ type: Manifest.Type = Manifest.self
  ) throws -> (checkpoint: Checkpoint<Manifest>, path: String, damage: String?)? {
    guard !isEmpty else { return nil }
    do {
      return (try Checkpoint(contentsOf: path(.last)), path(.last), nil)
    } catch let failure {
      guard has(.previous),
        let older = try? Checkpoint<Manifest>(contentsOf: path(.previous))
      else { throw failure }
      let damage = has(.last) ? "\(failure)" : "\(path(.last)): it is not there"
      return (older, path(.previous), damage)
    }
  }

  /// Removes what a killed process left half-written. Only for who is alone in the folder.
  public func removeLeftovers() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    for name in names where name.hasPrefix(".") && name.contains("-") {
      try FileManager.default.removeItem(atPath: folder + "/" + name)
    }
  }

  /// Takes a damaged last checkpoint out of the way, so that it does not become the previous one: the file is kept
  /// as `damaged.safetensors`.
  public func setDamagedAside() throws {
    guard has(.last) else { return }
    guard rename(path(.last), folder + "/damaged.safetensors") == 0 else {
      throw SystemFailure(description: "\(path(.last)): \(String(cString: strerror(errno)))")
    }
  }

  /// A second name for a file's content, so that no byte is copied; it replaces `target` in one step.
  private func duplicate(_ source: Slot, as target: Slot) throws {
    let temporary = folder + "/.\(target.rawValue)-\(UInt64.random(in: 0...(.max)))"
    if link(path(source), temporary) != 0 {
      // Some file systems have no links.
      try FileManager.default.copyItem(atPath: path(source), toPath: temporary)
    }
    guard rename(temporary, path(target)) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(temporary)
      throw SystemFailure(description: "\(path(target)): \(reason)")
    }
    // Renaming a file onto another name of itself leaves both.
    unlink(temporary)
    let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { return }
    fsync(directory)
    close(directory)
  }

  private struct SystemFailure: Error, CustomStringConvertible { let description: String }
}
