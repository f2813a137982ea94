import Foundation
import TestSupport
import Testing
import Torch

@testable import Training

/// The last checkpoint, the one before it and the best: what is there after each thing that can happen.
@Suite struct CheckpointStoreTests {
  private func checkpoint(_ number: Int) -> Checkpoint<Int> {
    Checkpoint(weights: ["w": Tensor([Float(number)])], manifest: number)
  }

  private func manifest(_ store: CheckpointStore, _ slot: CheckpointStore.Slot) -> Int? {
    try? Checkpoint<Int>(contentsOf: store.path(slot)).manifest
  }

  @Test func `the last becomes the previous, and the best stays`() throws {
    try withTemporaryDirectory { folder in
      let store = CheckpointStore(folder: folder)
      #expect(store.isEmpty && store.lastGood == nil)
      #expect(try store.load(Int.self) == nil)
      for number in 1...3 {
        try store.save(checkpoint(number))
        if number == 2 { try store.keepLastAsBest() }
      }
      #expect(CheckpointStore.Slot.allCases.map { manifest(store, $0) } == [3, 2, 2])
      let found = try #require(try store.load(Int.self))
      #expect(found.checkpoint.manifest == 3 && found.damage == nil)
      #expect(found.path == store.path(.last) && store.lastGood == store.path(.last))
      #expect(
        Set(try FileManager.default.contentsOfDirectory(atPath: folder))
          == ["last.safetensors", "previous.safetensors", "best.safetensors"])
    }
  }

  /// A damaged file that became the previous one would leave nothing when the next write is cut.
  @Test func `a damaged checkpoint never takes the place of the good one before it`() throws {
    try withTemporaryDirectory { folder in
      let store = CheckpointStore(folder: folder)
      for number in 1...2 { try store.save(checkpoint(number)) }
      try Data("damaged".utf8).write(to: URL(fileURLWithPath: store.path(.last)))
      let found = try #require(try store.load(Int.self))
      #expect(found.checkpoint.manifest == 1 && found.path == store.path(.previous))
      #expect(found.damage?.contains(store.path(.last)) == true)
      try store.setDamagedAside()
      #expect(!store.has(.last) && manifest(store, .previous) == 1 && !store.isEmpty)
      try store.save(checkpoint(3))
      #expect(manifest(store, .last) == 3 && manifest(store, .previous) == 1)
      #expect(
        FileManager.default.contents(atPath: folder + "/damaged.safetensors")
          == Data("damaged".utf8))
    }
  }

  @Test func `two damaged checkpoints are an error that names the last`() throws {
    try withTemporaryDirectory { folder in
      let store = CheckpointStore(folder: folder)
      for number in 1...2 { try store.save(checkpoint(number)) }
      for slot in [CheckpointStore.Slot.last, .previous] {
        try Data("damaged".utf8).write(to: URL(fileURLWithPath: store.path(slot)))
      }
      let error = #expect(throws: SafetensorsError.self) { try store.load(Int.self) }
      #expect(error?.path == store.path(.last))
    }
  }

  @Test func `what a killed writer left is removed, and nothing else`() throws {
    try withTemporaryDirectory { folder in
      let store = CheckpointStore(folder: folder)
      try store.save(checkpoint(1))
      for name in [".safetensors-123", ".previous-9", "notes.txt"] {
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
      }
      try store.removeLeftovers()
      #expect(
        Set(try FileManager.default.contentsOfDirectory(atPath: folder))
          == ["last.safetensors", "notes.txt"])
    }
  }

  @Test func `a failed write names the cause and the last good checkpoint`() throws {
    try withTemporaryDirectory { folder in
      let store = CheckpointStore(folder: folder + "/gone")
      let error = #expect(throws: CheckpointError.self) { try store.save(checkpoint(1)) }
      #expect(error?.description.contains("No such file or directory") == true)
      #expect(error?.description.contains("there is none before it") == true)
    }
  }
}
