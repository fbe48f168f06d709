using System.Text.Encodings.Web;

namespace ActorSocket.Diagnostics;

/// <summary>
/// What a client wrote, as it may stand in a line at Debug: cut short, and without anything that could end the line or steer a terminal.
/// </summary>
internal static class LogText
{
    private const int MaxLength = 32;

    public static string Of(string text) =>
        JavaScriptEncoder.Default.Encode(text.Length <= MaxLength ? text : text[..MaxLength]) + (text.Length <= MaxLength ? "" : "…");
}
