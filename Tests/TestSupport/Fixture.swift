import Foundation
import Torch

/// The committed files in `Tests/Fixtures`: numbers of other implementations, each with its generator script.
public enum Fixture {
  /// Where a fixture lies.
  public static func path(_ name: String, thisFile: String = #filePath) -> String {
    URL(fileURLWithPath: thisFile).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures").appendingPathComponent(name).path
  }

  /// The tensors and metadata of a safetensors fixture.
  public static func load(_ name: String) throws(SafetensorsError) -> SafetensorsFile {
    try Safetensors.read(from: path(name))
  }
}
