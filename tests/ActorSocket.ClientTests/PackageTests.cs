using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ActorSocket.ClientTests.Infrastructure;

namespace ActorSocket.ClientTests;

/// <summary>The NuGet package, in a project that knows nothing else of this repository.</summary>
[Collection(PackedOnce.Name)]
public sealed class PackageTests(PackedProjects packages)
{
    private static readonly string[] About =
        ["description", "tags", "projectUrl", "repository", "releaseNotes", "icon", "readme", "license"];

    private const string Program = """
        using ActorSocket;

        var builder = WebApplication.CreateBuilder(args);
        builder.Logging.ClearProviders();
        builder.Services.AddActorSocket().AddAdminUi(admin => admin.AllowAnonymous = true);
        var app = builder.Build();
        app.MapActorSocketAdminUi("/admin");
        app.MapActorSocket().OnConnection(socket =>
        {
            socket.On("double", (int n) => 2 * n);
            Console.WriteLine(socket.As<IClient>().GetType().Assembly == typeof(IClient).Assembly ? "client generated" : "client made");
        });
        app.Urls.Add("http://127.0.0.1:0");
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        var open = await http.GetStringAsync("/socket.io/?EIO=4&transport=polling");
        var url = "/socket.io/?EIO=4&transport=polling&sid=" + System.Text.Json.JsonDocument.Parse(open[1..]).RootElement.GetProperty("sid").GetString();
        await http.PostAsync(url, new StringContent("40"));
        await http.GetStringAsync(url);
        await http.PostAsync(url, new StringContent("421[\"double\",21]"));
        Console.WriteLine(await http.GetStringAsync(url));
        Console.WriteLine((await http.GetStringAsync("/socket.io/socket.io.js")).Contains("Socket.IO v4", StringComparison.Ordinal) ? "client served" : "no client");
        Console.WriteLine((await http.GetStringAsync("/admin/")).Contains("Socket.IO Admin UI", StringComparison.Ordinal) ? "admin UI served" : "no admin UI");
        await app.StopAsync();

        internal interface IClient
        {
            void Doubled(int n);
        }
        """;

    private const string Testing = """
        using ActorSocket;
        using ActorSocket.TestKit;

        await using var server = await ActorSocketTestServer.StartAsync(map: io => io.OnConnection(socket =>
        {
            socket.On("double", (int n) => 2 * n);
        }));
        var client = await server.ConnectAsync();
        Console.WriteLine(await client.EmitWithAckAsync<int>("double", 21));
        """;

    /// <summary>What a trimmed application is by default: System.Text.Json knows only what a source-generated context tells it.</summary>
    private const string WithoutReflection = """
        using ActorSocket;
        using System.Text.Json;
        using System.Text.Json.Serialization;

        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.ClearProviders();
        builder.Services.AddActorSocket(options =>
        {
            options.AllowEIO3 = true;
            options.ConnectionStateRecovery = new RecoveryOptions();
            options.Json = new JsonSerializerOptions(JsonSerializerDefaults.Web) { TypeInfoResolver = Shapes.Default };
        });
        var app = builder.Build();
        var io = app.MapActorSocket();
        io.Use(async (socket, next) =>
        {
            if (socket.Handshake.Auth.TryGetProperty("refuse", out _))
                throw new ConnectErrorException("no", new Line("server", "go away"));
            await next();
        });
        io.OnConnection(socket =>
        {
            socket.Emit("hello", 1, "two", true, new byte[] { 3 });
            socket.On("shout", (Line line, SocketArguments all) =>
            {
                socket.Emit("echo", all);
                return line with { Text = line.Text.ToUpperInvariant() };
            });
        });
        io.Of("/old");
        app.Urls.Add("http://127.0.0.1:0");
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };

        var (session, _) = await OpenAsync(4);
        await http.PostAsync(session, new StringContent("40{\"refuse\":1}"));
        Console.WriteLine(await http.GetStringAsync(session));
        await http.PostAsync(session, new StringContent("40"));
        Console.WriteLine(await TakeAsync("hello"));
        await http.PostAsync(session, new StringContent("421[\"shout\",{\"from\":\"me\",\"text\":\"hi\"}]"));
        Console.WriteLine(await TakeAsync("431"));
        var (old, first) = await OpenAsync(3);
        await http.PostAsync(old, new StringContent("17:40/old?a=1&b=two,"));
        Console.WriteLine(first.Contains("40", StringComparison.Ordinal) || (await http.GetStringAsync(old)).Contains("40", StringComparison.Ordinal) ? "old client" : first);
        await app.StopAsync();

        async Task<(string Url, string Payload)> OpenAsync(int revision)
        {
            var url = $"/socket.io/?EIO={revision}&transport=polling&b64=1";
            var open = await http.GetStringAsync(url);
            return (url + "&sid=" + System.Text.RegularExpressions.Regex.Match(open, "\"sid\":\"([^\"]+)").Groups[1].Value, open);
        }

        async Task<string> TakeAsync(string word)
        {
            while (true)
            {
                foreach (var packet in (await http.GetStringAsync(session)).Split('\u001e'))
                {
                    if (packet.Contains(word, StringComparison.Ordinal))
                        return packet[..(packet.LastIndexOf('}') + 1)]; // without the offset
                }
            }
        }

        internal sealed record Line(string From, string Text);

        [JsonSerializable(typeof(Line))]
        [JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
        internal sealed partial class Shapes : JsonSerializerContext;
        """;

    [Fact]
    public Task The_package_restores_builds_and_runs_in_a_project_of_its_own() =>
        RunAsync(
            "ActorSocket+ActorSocket.AdminUi", Program, "true", "client generated", "431[42]", "client served", "admin UI served");

    [Fact]
    public Task The_test_kit_restores_builds_and_runs_in_a_project_of_its_own() =>
        RunAsync("ActorSocket.TestKit", Testing, "true", "42");

    [Fact]
    public async Task Each_package_says_what_it_is_and_carries_what_it_must()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "PACKAGES.md"));
        foreach (var name in packages.Names)
        {
            await using var package = await ZipFile.OpenReadAsync(packages.File(name));
            var files = package.Entries.Select(static entry => entry.FullName).ToHashSet(StringComparer.Ordinal);
            Assert.Superset((HashSet<string>)["icon.png", "README.md", "LICENSE"], files);
            Assert.DoesNotMatch(@"\]\((?!https?:|#)", await TextAsync(package, "README.md"));
            var about = XDocument.Parse(await TextAsync(package, name + ".nuspec")).Root!.Elements().Single();
            foreach (var element in About)
                Assert.Contains(about.Elements(), found => string.Equals(found.Name.LocalName, element, StringComparison.Ordinal));
            Assert.Contains($"| `{name}` |", page, StringComparison.Ordinal);
            if (!files.Any(static file => file.StartsWith("content/", StringComparison.Ordinal)))
            {
                Assert.Superset((HashSet<string>)[$"lib/net10.0/{name}.dll", $"lib/net10.0/{name}.xml"], files);
                Assert.True(File.Exists(Path.ChangeExtension(packages.File(name), ".snupkg")), name);
            }
            if (name == "ActorSocket")
                Assert.Contains("licenses/socket.io-client/LICENSE", files);
        }
        Assert.Contains("ActorSocket.Templates", packages.Names, StringComparer.Ordinal);
    }

    [Fact]
    public Task An_application_without_JSON_by_reflection_needs_a_context_of_its_own_types_only() => RunAsync(
        "ActorSocket",
        WithoutReflection,
        "false",
        """44{"message":"no","data":{"from":"server","text":"go away"}}""",
        """451-["hello",1,"two",true,{"_placeholder":true,"num":0}""",
        """431[{"from":"me","text":"HI"}""",
        "old client");

    private async Task RunAsync(string package, string program, string jsonByReflection, params string[] expected)
    {
        var folder = Directory.CreateDirectory(Path.Combine(packages.Folder, $"{package}-{jsonByReflection}")).FullName;
        await packages.UseInAsync(folder);
        new XDocument(new XElement(
            "Project",
            new XAttribute("Sdk", "Microsoft.NET.Sdk.Web"),
            new XElement(
                "PropertyGroup",
                new XElement("TargetFramework", "net10.0"),
                new XElement("Nullable", "enable"),
                new XElement("ImplicitUsings", "enable"),
                new XElement("JsonSerializerIsReflectionEnabledByDefault", jsonByReflection)),
            new XElement(
                "ItemGroup",
                package.Split('+').Select(static name => new XElement(
                    "PackageReference",
                    new XAttribute("Include", name),
                    new XAttribute("Version", PackedProjects.Version))))))
            .Save(Path.Combine(folder, "App.csproj"));
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), program);

        var (exitCode, said) = await Tool.RunAsync("dotnet", ["run", "--project", "App.csproj"], folder, TimeSpan.FromMinutes(5));

        Assert.True(exitCode == 0, said);
        // Akka itself speaks on the standard output while its loggers stop.
        var lines = Array.FindAll(
            said.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
            static line => !line.StartsWith("[INFO]", StringComparison.Ordinal)
        );
        Assert.Equal(expected, lines[^Math.Min(expected.Length, lines.Length)..]);

        if (package != "ActorSocket")
            return;
        using var assets = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "obj", "project.assets.json")));
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "PACKAGES.md"));
        var listed = page.Split("<!-- hello -->")[1].Split("<!-- /hello -->")[0];
        Assert.Equal(
            assets.RootElement.GetProperty("libraries").EnumerateObject().Select(static library => library.Name.Split('/')[0])
                .Order(StringComparer.Ordinal),
            Regex.Matches(listed, "`(?<name>[^`]+)`", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1))
                .Select(static match => match.Groups["name"].Value)
                .Order(StringComparer.Ordinal)
        );
    }

    private static async Task<string> TextAsync(ZipArchive package, string file)
    {
        using var reader = new StreamReader(await package.GetEntry(file)!.OpenAsync());
        return await reader.ReadToEndAsync();
    }
}
