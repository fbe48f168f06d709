namespace ActorSocket.Hosting;

/// <summary>Options as Akka's configuration writes them.</summary>
internal static class HoconText
{
    public static string Quote(string value) =>
        "\"" + value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
}
