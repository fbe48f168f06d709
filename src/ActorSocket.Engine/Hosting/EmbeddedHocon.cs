using System.Reflection;
using Akka.Configuration;

namespace ActorSocket.Hosting;

/// <summary>The files of the folder <c>hocon</c>, each in the assembly that it configures.</summary>
internal static class EmbeddedHocon
{
    public static Config Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream($"ActorSocket.hocon.{name}.conf")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
