/// A piece of a page, written as a string literal in which every interpolated text is escaped.
///
///     let cell: HTML = "<td>\(title)</td>"    // title = "a < b" gives <td>a &lt; b</td>
///
/// Only literals, other pieces and ``init(trusted:)`` pass as they are, so that no text from a record can
/// become markup: an unescaped one does not compile.
struct HTML: Equatable, ExpressibleByStringInterpolation {
  private(set) var text: String

  init(stringLiteral text: String) { self.text = text }
  init(stringInterpolation parts: StringInterpolation) { text = parts.text }

  /// Text that is markup, style or script already.
  init(trusted text: String) { self.text = text }

  /// As it may stand between tags and inside a quoted attribute.
  static func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

    mutating func appendLiteral(_ literal: String) { text += literal }
    mutating func appendInterpolation(_ text: String) { self.text += HTML.escaped(text) }
    mutating func appendInterpolation(_ number: Int) { text += String(number) }
    mutating func appendInterpolation(_ piece: HTML) { text += piece.text }
    mutating func appendInterpolation(_ pieces: [HTML]) {
      text += pieces.map(\.text).joined(separator: "\n")
    }
  }
}
