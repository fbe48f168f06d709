using System.Net;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ActorSocket.Tests.Docs;

/// <summary>
/// Each block of C# in the README and the guides is compiled as a file of a fresh <c>dotnet new web</c>: with the SDK's implicit usings,
/// and no other than it shows. So is each example of an XML document, with what it speaks of given.
/// </summary>
/// <remarks>
/// A block is a file as it stands, or the inside of a method: then a comment before it names what is given there (<see cref="Given"/>). It
/// sees the types of the blocks above it on its page, and <see cref="Application"/>, what readers have of their own.
/// </remarks>
public sealed partial class SnippetTests
{
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Net.Http.Json;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Hosting;
        global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing;
        global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting;
        global using Microsoft.Extensions.Logging;
        """;

    private const string Application = """
        public sealed record World(int Tick);

        public sealed record Order(string Key, string Item);

        public sealed class ChatHistory
        {
            public int Add(string line) => line.Length;

            public void Clear() { }
        }

        public sealed class Ranks
        {
            public double Of(System.Security.Claims.ClaimsPrincipal user) => user.Claims.Count();
        }
        """;

    /// <summary>What examples of XML documents have besides.</summary>
    private const string Shop = """
        public interface ILobbyClient
        {
            void Joined(string name);
        }

        public sealed record Basket(string[] Items);

        public sealed record Receipt(int Number);

        public sealed class Shop
        {
            public int Left => 1;

            public bool TryBuy(int count) => count == Left;

            public Task<Receipt> PlaceAsync(Basket basket) => Task.FromResult(new Receipt(basket.Items.Length));
        }
        """;

    private static readonly Dictionary<string, string> Given = new(StringComparer.Ordinal)
    {
        ["app"] = "WebApplication",
        ["args"] = "string[]",
        ["builder"] = "WebApplicationBuilder",
        ["io"] = "ActorSocket.ActorSocketServer",
        ["mayEnter"] = "Func<System.Security.Claims.ClaimsPrincipal, string, Task<bool>>",
        ["name"] = "string",
        ["place"] = "Func<Order, Task<int>>",
        ["readToken"] = "Func<string?, Task<System.Security.Claims.ClaimsPrincipal?>>",
        ["room"] = "string",
        ["server"] = "ActorSocket.TestKit.ActorSocketTestServer",
        ["shop"] = "Shop",
        ["socket"] = "ActorSocket.Socket",
        ["store"] = "Func<IEnumerable<Position>, Task<int>>",
        ["system"] = "Akka.Actor.ActorSystem",
        ["connectionString"] = "string",
        ["userId"] = "string",
        ["world"] = "Func<World>",
    };

    /// <summary>An assembly that was built against an older version of another: the SDK does not warn of it either.</summary>
    private static readonly Dictionary<string, ReportDiagnostic> AsTheSdk =
        new(StringComparer.Ordinal) { ["CS1701"] = ReportDiagnostic.Suppress, ["CS1702"] = ReportDiagnostic.Suppress };

    private static readonly MetadataReference[] References = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator).Select(static path => MetadataReference.CreateFromFile(path))];

    public static TheoryData<string> Pages =>
        [
            .. Repository.Pages
                .Select(static path => Path.GetRelativePath(Repository.Root, path))
                .Append("README.md")
                .Where(static page => Read(page).Contains("```csharp", StringComparison.Ordinal)),
        ];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_block_of_CSharp_compiles_in_a_fresh_project(string page)
    {
        foreach (var (code, files) in BlocksOf(page))
            Compile(files, code);
    }

    /// <summary>The method that a block of a page is the inside of, ready to run.</summary>
    internal static MethodInfo Method(string page, string containing)
    {
        var (code, files) = BlocksOf(page).Single(block => block.Code.Contains(containing, StringComparison.Ordinal));
        using var image = new MemoryStream();
        // With what the package's generator adds: entities are called by interfaces.
        CSharpGeneratorDriver
            .Create([Generator().AsSourceGenerator()], parseOptions: (CSharpParseOptions)files[0].Options)
            .RunGeneratorsAndUpdateCompilation(Compile(files, code), out var generated, out _);
        Assert.True(generated.Emit(image).Success);
        return Assembly.Load(image.ToArray()).GetType("Page")!.GetMethod("Run")!;
    }

    private static IIncrementalGenerator Generator()
    {
        var bin = Path.Combine(Repository.Root, "src", "ActorSocket.Generators", "bin");
        var file = Path.Combine(bin, Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/'))!), "netstandard2.0");
        var assembly = Assembly.LoadFrom(Path.Combine(file, "ActorSocket.Generators.dll"));
        return (IIncrementalGenerator)Activator.CreateInstance(assembly.GetType("ActorSocket.Generators.EntityContractGenerator")!)!;
    }

    /// <summary>The blocks of a page, and the files that each is compiled from.</summary>
    private static IEnumerable<(string Code, SyntaxTree[] Files)> BlocksOf(string page)
    {
        var above = new List<SyntaxTree> { Parse(ImplicitUsings), Parse(Application) };
        foreach (Match block in Block().Matches(Read(page)))
        {
            var code = Parse(block.Groups["code"].Value);
            var tree = block.Groups["given"] is { Success: true } given ? Inside(code, given.Value.Split(", ")) : code;
            yield return (block.Groups["code"].Value, [.. above, tree]);
            above.Add(tree.WithRootAndOptions(TypesOf(tree), tree.Options));
        }
    }

    public static TheoryData<string> Sources =>
        [
            .. Directory
                .GetFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
                .Select(static path => Path.GetRelativePath(Repository.Root, path))
                .Where(static source => Example().IsMatch(Read(source))),
        ];

    [Theory]
    [MemberData(nameof(Sources))]
    public void Every_example_of_an_XML_document_compiles(string source)
    {
        foreach (Match example in Example().Matches(Read(source)))
        {
            var text = WebUtility.HtmlDecode(CommentMark().Replace(example.Groups["code"].Value, ""));
            var isMember = text.TrimStart().StartsWith('[');
            var tree = isMember
                ? Parse($"using ActorSocket;\npublic sealed class Example(Shop shop) : SocketHub {{ {text} }}")
                : Parse("using ActorSocket;\n" + text);
            var declared = tree.GetRoot().DescendantNodes().OfType<VariableDeclaratorSyntax>().Select(static one => one.Identifier.Text);
            string[] given =
            [
                .. tree.GetRoot()
                    .DescendantNodes()
                    .OfType<IdentifierNameSyntax>()
                    .Select(static one => one.Identifier.Text)
                    .Where(Given.ContainsKey)
                    .Except(declared, StringComparer.Ordinal),
            ];
            Compile([Parse(ImplicitUsings), Parse(Shop), isMember ? tree : Inside(tree, given)], text);
        }
    }

    private static CSharpCompilation Compile(SyntaxTree[] files, string code)
    {
        var isProgram = files[^1].GetCompilationUnitRoot().Members.Any(static member => member is GlobalStatementSyntax);
        var compilation = CSharpCompilation.Create(
            "Snippet",
            files,
            References,
            new CSharpCompilationOptions(
                isProgram ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary,
                nullableContextOptions: NullableContextOptions.Enable,
                specificDiagnosticOptions: AsTheSdk
            )
        );
        var faults = compilation.GetDiagnostics().Where(static fault => fault.Severity >= DiagnosticSeverity.Warning);
        Assert.True(!faults.Any(), $"{string.Join('\n', faults)}\n\n{code}");
        return compilation;
    }

    private static string Read(string page) => File.ReadAllText(Path.Combine(Repository.Root, page));

    private static SyntaxTree Parse(string code) => CSharpSyntaxTree.ParseText(code, new CSharpParseOptions(LanguageVersion.Latest));

    /// <summary>A method that has these things and does this.</summary>
    private static SyntaxTree Inside(SyntaxTree code, string[] given)
    {
        var root = code.GetCompilationUnitRoot();
        var statements = string.Concat(root.Members.OfType<GlobalStatementSyntax>().Select(static member => member.ToFullString()));
        var returns = root.DescendantNodes(static node => node is not AnonymousFunctionExpressionSyntax)
            .Any(static node => node is AwaitExpressionSyntax or ForEachStatementSyntax { AwaitKeyword.Text: "await" });
        return Parse(
            $$"""
            {{root.Usings.ToFullString()}}
            internal static class Page
            {
                public static {{(returns ? "async Task" : "void")}} Run({{string.Join(
                ", ",
                given.Select(static name => $"{Given[name]} {name}")
            )}})
                {
                    {{statements}}
                }
            }
            {{string.Concat(
                root.Members.Where(static member => member is not GlobalStatementSyntax).Select(static member => member.ToFullString())
            )}}
            """
        );
    }

    /// <summary>What a block leaves for those below it.</summary>
    private static CompilationUnitSyntax TypesOf(SyntaxTree tree)
    {
        var root = tree.GetCompilationUnitRoot();
        return root.WithMembers([
            .. root.Members.Where(static member =>
                member is not GlobalStatementSyntax and not ClassDeclarationSyntax { Identifier.Text: "Page" }
            ),
        ]);
    }

    [GeneratedRegex("<example><code>(?<code>.*?)</code></example>", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Example();

    [GeneratedRegex("^ *///", RegexOptions.Multiline, 1000)]
    private static partial Regex CommentMark();

    [GeneratedRegex(
        @"(<!-- given: (?<given>[\w, ]+) -->\n)?```csharp\n(?<code>.*?)```",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Block();
}
