import Attacks

/// One value of a ``RunConfiguration`` under its name: how it is written and how it is read.
///
/// The table ``RunConfiguration/settings`` is the one place that knows names: YAML files, flags, help texts and
/// the configuration that a run prints are made from it.
public struct Setting: Sendable {
  /// As `batch-size`.
  public let key: String
  /// What may be written, for an error text: `a whole number`.
  public let expected: String
  /// The value as text; an empty setting is `none`, `auto` or `all`.
  public let text: @Sendable (RunConfiguration) -> String
  /// False where the text is not understood.
  let write: @Sendable (inout RunConfiguration, String) -> Bool

  typealias Path<Value> = WritableKeyPath<RunConfiguration, Value> & Sendable

  static func integer(_ key: String, _ path: Path<Int>) -> Setting {
    Setting(
      key: key, expected: "a whole number", text: { "\($0[keyPath: path])" },
      write: { assign(Int($1), to: path, in: &$0) })
  }

  static func seed(_ key: String, _ path: Path<UInt64>) -> Setting {
    Setting(
      key: key, expected: "a whole number of 0 or more", text: { "\($0[keyPath: path])" },
      write: { assign(UInt64($1), to: path, in: &$0) })
  }

  /// - Parameter empty: the word that stands for no value.
  static func integer(_ key: String, _ path: Path<Int?>, empty: String) -> Setting {
    Setting(
      key: key, expected: "a whole number, or '\(empty)'",
      text: { $0[keyPath: path].map(String.init) ?? empty },
      write: { assign($1 == empty ? .some(nil) : Int($1).map(Optional.some), to: path, in: &$0) })
  }

  static func number(_ key: String, _ path: Path<Double>) -> Setting {
    Setting(
      key: key, expected: "a number", text: { number($0[keyPath: path]) },
      write: { assign(Double($1), to: path, in: &$0) })
  }

  static func number(_ key: String, _ path: Path<Double?>, empty: String) -> Setting {
    Setting(
      key: key, expected: "a number, or '\(empty)'",
      text: { $0[keyPath: path].map(number) ?? empty },
      write: {
        assign($1 == empty ? .some(nil) : Double($1).map(Optional.some), to: path, in: &$0)
      })
  }

  /// One number a channel.
  static func numbers(_ key: String, _ path: Path<[Double]?>, empty: String) -> Setting {
    Setting(
      key: key, expected: "numbers separated by commas, or '\(empty)'",
      text: { $0[keyPath: path].map { $0.map(number).joined(separator: ",") } ?? empty },
      write: { configuration, text in
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map {
          Double($0.filter { $0 != " " })
        }
        let all = parts.compactMap { $0 }
        guard text == empty || all.count == parts.count else { return false }
        configuration[keyPath: path] = text == empty ? nil : all
        return true
      })
  }

  /// A distance in pixel units: `8/255` or `0.03`.
  static func pixels(_ key: String, _ path: Path<Double>) -> Setting {
    Setting(
      key: key, expected: PixelText.expected, text: { PixelText.text($0[keyPath: path]) },
      write: { assign(PixelText.value($1), to: path, in: &$0) })
  }

  static func flag(_ key: String, _ path: Path<Bool>) -> Setting {
    let words = [
      "true": true, "yes": true, "on": true, "false": false, "no": false, "off": false,
    ]
    return Setting(
      key: key, expected: "true or false", text: { "\($0[keyPath: path])" },
      write: { assign(words[$1.lowercased()], to: path, in: &$0) })
  }

  static func choice<Choice: RawRepresentable<String> & CaseIterable & SendableMetatype>(
    _ key: String, _ path: Path<Choice>
  ) -> Setting {
    Setting(
      key: key, expected: "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "),
      text: { $0[keyPath: path].rawValue },
      write: { assign(Choice(rawValue: $1), to: path, in: &$0) })
  }

  /// - Parameter empty: the word that stands for no choice.
  static func choice<Choice: RawRepresentable<String> & CaseIterable & SendableMetatype>(
    _ key: String, _ path: Path<Choice?>, empty: String
  ) -> Setting {
    Setting(
      key: key,
      expected: "one of " + (Choice.allCases.map(\.rawValue) + [empty]).joined(separator: ", "),
      text: { $0[keyPath: path]?.rawValue ?? empty },
      write: {
        assign(
          $1 == empty ? .some(nil) : Choice(rawValue: $1).map(Optional.some), to: path, in: &$0)
      })
  }

  static func text(_ key: String, _ path: Path<String>) -> Setting {
    Setting(
      key: key, expected: "text", text: { $0[keyPath: path] },
      write: { assign($1.isEmpty ? nil : $1, to: path, in: &$0) })
  }

  static func text(_ key: String, _ path: Path<String?>, empty: String) -> Setting {
    Setting(
      key: key, expected: "text, or '\(empty)'", text: { $0[keyPath: path] ?? empty },
      write: {
        assign($1.isEmpty ? nil : $1 == empty ? .some(nil) : .some($1), to: path, in: &$0)
      })
  }

  private static func assign<Value>(
    _ value: Value?, to path: Path<Value>, in configuration: inout RunConfiguration
  ) -> Bool {
    guard let value else { return false }
    configuration[keyPath: path] = value
    return true
  }

  /// As YAML readers of either version take it for a number: 5e-05 without a point is text to some.
  static func number(_ value: Double) -> String {
    let text = "\(value)"
    guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
    return text[..<exponent] + ".0" + text[exponent...]
  }
}
