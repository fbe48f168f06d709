using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace ActorSocket.Tests.Architecture;

/// <summary>What opens a port is in ActorSocket.IntegrationTests: these tests run beside anything.</summary>
public sealed class PortTests
{
    private static readonly string[] Openers =
    [
        "System.Net.Sockets.",
        "System.Net.HttpListener",
        "System.Net.WebSockets.ClientWebSocket",
        "Microsoft.AspNetCore.Hosting.WebHostBuilderKestrelExtensions",
        "Microsoft.AspNetCore.Hosting.HostingAbstractionsWebHostBuilderExtensions.UseUrls",
        "Microsoft.AspNetCore.Builder.WebApplication.get_Urls",
        "Akka.Cluster.",
        "Akka.Remote.",
    ];

    [Fact]
    public void Nothing_here_uses_what_opens_a_port()
    {
        using var file = new PEReader(File.OpenRead(typeof(PortTests).Assembly.Location));
        var metadata = file.GetMetadataReader();
        var types = metadata.TypeReferences.Select(handle => NameOf(metadata, handle)).ToList();
        var members = metadata
            .MemberReferences.Select(metadata.GetMemberReference)
            .Where(static member => member.Parent.Kind is HandleKind.TypeReference)
            .Select(member => $"{NameOf(metadata, (TypeReferenceHandle)member.Parent)}.{metadata.GetString(member.Name)}");
        Assert.Contains("Microsoft.AspNetCore.TestHost.TestServer", types, StringComparer.Ordinal);
        Assert.DoesNotContain(
            types.Concat(members),
            static name => Openers.Any(opener => name.StartsWith(opener, StringComparison.Ordinal))
        );
    }

    /// <summary>An application that says nothing of its server has Kestrel.</summary>
    [Fact]
    public void Every_application_here_that_is_started_has_the_test_server()
    {
        string[] neverStarted = ["EngineIoMappingTests.cs", "PortTests.cs"];
        var applications = Directory
            .GetFiles(Path.Combine(Repository.Root, "tests", "ActorSocket.Tests"), "*.cs", SearchOption.AllDirectories)
            .Select(static path => (Name: Path.GetFileName(path), Text: File.ReadAllText(path)))
            .Where(file => !neverStarted.Contains(file.Name) && file.Text.Contains("WebApplication.Create", StringComparison.Ordinal))
            .ToList();
        Assert.True(applications.Count >= 4, $"Only {applications.Count} files with an application were found.");
        Assert.All(applications, static file => Assert.True(file.Text.Contains(".UseTestServer()", StringComparison.Ordinal), file.Name));
    }

    private static string NameOf(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
    }
}
