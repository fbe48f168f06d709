using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ActorSocket.Tests.Architecture;

/// <summary>
/// The order of docs/ARCHITECTURE.md, read from the source by the compiler: a file uses only what stands in its own folder or in one above
/// it in the list. There are no exceptions.
/// </summary>
public sealed class LayerTests
{
    private static readonly string[] Layers =
    [
        "ActorSocket.Protocol",
        "ActorSocket.Protocol/WebSockets",
        "ActorSocket.Protocol/Records",
        "ActorSocket.Protocol/EngineIo",
        "ActorSocket.Protocol/SocketIo",
        "ActorSocket.Transport",
        "ActorSocket.Engine",
        "ActorSocket.Engine/Options",
        "ActorSocket.Engine/Diagnostics",
        "ActorSocket.Engine/Delivery",
        "ActorSocket.Engine/Sessions",
        "ActorSocket.Engine/Transports",
        "ActorSocket.Engine/Hosting",
        "ActorSocket/Options",
        "ActorSocket/Diagnostics",
        "ActorSocket/Emitting",
        "ActorSocket/Data",
        "ActorSocket/Rooms",
        "ActorSocket/Recovery",
        "ActorSocket/Presence",
        "ActorSocket/Listings",
        "ActorSocket/Connections",
        "ActorSocket/Sockets",
        "ActorSocket/Actors",
        "ActorSocket/Limits",
        "ActorSocket/Streams",
        "ActorSocket/Hubs",
        "ActorSocket/Entities",
        "ActorSocket/Matching",
        "ActorSocket/Hosting",
        "ActorSocket/Api",
        "ActorSocket/Contracts",
        "ActorSocket.Persistence",
        "ActorSocket.AdminUi",
        "ActorSocket.Redis",
        "ActorSocket.Cluster/Options",
        "ActorSocket.Cluster/Messages",
        "ActorSocket.Cluster/Diagnostics",
        "ActorSocket.Cluster/Links",
        "ActorSocket.Cluster/Peers",
        "ActorSocket.Cluster/Rooms",
        "ActorSocket.Cluster/Recovery",
        "ActorSocket.Cluster/Entities",
        "ActorSocket.Cluster/Listings",
        "ActorSocket.Cluster/Sessions",
        "ActorSocket.Cluster/Nodes",
        "ActorSocket.Cluster/Hosting",
        "ActorSocket.TestKit",
        "ActorSocket.Server/Lobby",
        "ActorSocket.Server/Game",
        "ActorSocket.Server/Admin",
        "ActorSocket.Server",
    ];

    [Fact]
    public void No_file_uses_what_stands_in_a_higher_layer()
    {
        var source = Path.Combine(Repository.Root, "src");
        var trees = Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .Where(file => IsWritten(Path.GetRelativePath(source, file)) && !file.Contains("Generators", StringComparison.Ordinal)
                && !file.Contains("ActorSocket.Templates", StringComparison.Ordinal))
            .Select(static file => Parse(File.ReadAllText(file), file)).ToList();
        Assert.True(trees.Count > 200, $"Only {trees.Count} files were found.");
        var compilation = CSharpCompilation.Create(
            "layers",
            [.. trees, ImplicitUsings()],
            References(),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true)
        );
        var arrows = trees.AsParallel().SelectMany(tree => ArrowsOf(tree, compilation.GetSemanticModel(tree), source)).ToHashSet();
        Assert.True(arrows.Count > 500, $"Only {arrows.Count} uses between files were found: the compiler did not understand the source.");
        Assert.Empty(
            arrows
                .Where(static arrow => LayerOf(arrow.From) < LayerOf(arrow.To))
                .Select(static arrow => $"{arrow.From} uses {arrow.To} ({arrow.Name})")
                .Order(StringComparer.Ordinal)
        );
    }

    private static IEnumerable<(string From, string To, string Name)> ArrowsOf(SyntaxTree tree, SemanticModel model, string source)
    {
        var from = Path.GetRelativePath(source, tree.FilePath);
        foreach (var node in tree.GetRoot().DescendantNodes())
        {
            if (node is not (SimpleNameSyntax or ImplicitObjectCreationExpressionSyntax))
                continue;
            var symbol = model.GetSymbolInfo(node).Symbol;
            var type = (symbol as INamedTypeSymbol ?? symbol?.ContainingType)?.OriginalDefinition;
            foreach (var declaration in type?.DeclaringSyntaxReferences ?? [])
            {
                if (declaration.SyntaxTree.FilePath.Length > 0 && declaration.SyntaxTree != tree)
                    yield return (from, Path.GetRelativePath(source, declaration.SyntaxTree.FilePath), type!.Name);
            }
        }
    }

    private static int LayerOf(string file)
    {
        var folder = Path.GetDirectoryName(file)!.Replace('\\', '/');
        var layer = Array.IndexOf(Layers, folder);
        return layer >= 0
            ? layer
            : throw new InvalidOperationException(
                $"{folder} stands in no layer: give it a place in this test and in docs/ARCHITECTURE.md."
            );
    }

    private static bool IsWritten(string file) =>
        !file.Split(Path.DirectorySeparatorChar).Any(static part => part is "obj" or "bin" or "client" or "ui");

    /// <summary>What the SDKs add to each file.</summary>
    private static SyntaxTree ImplicitUsings()
    {
        string[] namespaces =
        [
            "System",
            "System.Collections.Generic",
            "System.IO",
            "System.Linq",
            "System.Net.Http",
            "System.Threading",
            "System.Threading.Tasks",
            "System.Net.Http.Json",
            "Microsoft.AspNetCore.Builder",
            "Microsoft.AspNetCore.Hosting",
            "Microsoft.AspNetCore.Http",
            "Microsoft.AspNetCore.Routing",
            "Microsoft.Extensions.Configuration",
            "Microsoft.Extensions.DependencyInjection",
            "Microsoft.Extensions.Hosting",
            "Microsoft.Extensions.Logging",
        ];
        return Parse(string.Concat(namespaces.Select(static name => $"global using {name};\n")), "");
    }

    private static SyntaxTree Parse(string text, string path) =>
        CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Preview), path);

    private static IEnumerable<MetadataReference> References() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(static file => !Path.GetFileName(file).StartsWith("ActorSocket", StringComparison.Ordinal))
            .Select(static file => MetadataReference.CreateFromFile(file));
}
