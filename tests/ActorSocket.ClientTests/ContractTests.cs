using System.Reflection;
using System.Text.Json.Serialization;
using ActorSocket.ClientTests.Infrastructure;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.ClientTests;

/// <summary>The documents of a server's contract, by those who read them: TypeScript's compiler, and AsyncAPI's own schema.</summary>
public sealed class ContractTests : IDisposable
{
    private static readonly string Node = Path.Combine(Repository.ClientTests, "node");

    private readonly string _folder = Directory.CreateTempSubdirectory("actorsocket-contract-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_TypeScript_client_compiles_where_it_keeps_to_the_contract_and_nowhere_else()
    {
        await using (var app = BuildShop())
            await app.Services.GetRequiredService<ActorSocketServer>().DescribeContract().WriteToAsync(_folder);
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "tsconfig.json"),
            $$"""
            {
              "compilerOptions": {
                "strict": true, "noEmit": true, "target": "es2022", "module": "esnext", "moduleResolution": "bundler", "types": [],
                "lib": ["es2022", "dom"], "paths": { "contract": ["./socket.d.ts"] }
              },
              "files": ["{{Path.Combine(Node, "contract.ts")}}", "socket.d.ts"]
            }
            """);
        var (exitCode, output) = await CompileAsync();
        Assert.True(exitCode == 0, output);
        await IsAsyncApiAsync();
    }

    [Fact]
    public async Task The_demos_page_keeps_to_its_own_contract_and_a_wrong_name_or_argument_is_found()
    {
        var demo = Path.Combine(Repository.Root, "src", "ActorSocket.Server");
        var configuration = typeof(ContractTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        var dll = Path.Combine(demo, "bin", configuration, new DirectoryInfo(AppContext.BaseDirectory).Name, "ActorSocket.Server.dll");
        var (exitCode, output) = await Tool.RunAsync("dotnet", [dll, "contract", _folder], _folder);
        Assert.True(exitCode == 0, output);
        await IsAsyncApiAsync();

        var page = Path.Combine(_folder, "page");
        Directory.CreateDirectory(page);
        foreach (var script in Directory.GetFiles(Path.Combine(demo, "wwwroot"), "*.js"))
            File.Copy(script, Path.Combine(page, Path.GetFileName(script)));
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "tsconfig.json"),
            $$"""
            {
              "extends": "{{Path.Combine(demo, "page", "tsconfig.json")}}",
              "compilerOptions": {
                "paths": {
                  "contract": ["./socket.d.ts"],
                  "socket.io-client": ["{{Path.Combine(Node, "node_modules", "socket.io-client")}}"]
                }
              },
              "include": ["page/*.js", "{{Path.Combine(demo, "page", "page.d.ts")}}"]
            }
            """);
        (exitCode, output) = await CompileAsync();
        Assert.True(exitCode == 0, output);

        (string File, string Right, string Wrong)[] mutations =
        [
            ("app.js", "socket.on(\"said\"", "socket.on(\"sayd\""),
            ("app.js", "ask(\"say\", text)", "ask(\"sey\", text)"),
            ("app.js", "ask(\"whisper\", to, text)", "ask(\"whisper\", to)"),
            ("app.js", "answer.history", "answer.hystory"),
            ("banner.js", "emit(\"ping?\"", "emit(\"ping\""),
            ("canvas.js", "socket.on(\"pointer-gone\"", "socket.on(\"pointer-left\""),
            ("pong.js", "emit(\"steer\", (sent = rounded))", "emit(\"steer\", \"up\")"),
            ("pong.js", "answer.side", "answer.seat"),
        ];
        foreach (var (file, right, wrong) in mutations)
        {
            var path = Path.Combine(page, file);
            var text = await File.ReadAllTextAsync(path);
            Assert.Contains(right, text, StringComparison.Ordinal);
            await File.WriteAllTextAsync(path, text.Replace(right, wrong, StringComparison.Ordinal));
        }
        var (failed, errors) = await CompileAsync();
        Assert.NotEqual(0, failed);
        foreach (var (file, _, wrong) in mutations)
        {
            var lines = await File.ReadAllLinesAsync(Path.Combine(page, file));
            var line = Array.FindIndex(lines, text => text.Contains(wrong, StringComparison.Ordinal)) + 1;
            Assert.Contains($"{file}({line},", errors, StringComparison.Ordinal);
        }
    }

    private async Task<(int ExitCode, string Output)> CompileAsync() => await Tool.RunAsync(
        await Prerequisites.NodeAsync(),
        [Path.Combine(Node, "node_modules", "typescript", "bin", "tsc"), "--pretty", "false", "-p", _folder],
        _folder);

    private async Task IsAsyncApiAsync()
    {
        var (exitCode, output) = await Tool.RunAsync(
            await Prerequisites.NodeAsync(), [Path.Combine(Node, "asyncapi.mjs"), Path.Combine(_folder, "asyncapi.json")], Node);
        Assert.True(exitCode == 0, output);
    }

    private static WebApplication BuildShop()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddActorSocket();
        var app = builder.Build();
        var io = app.MapActorSocket();
        io.MapHub<Shop>().Emits<IShopper>();
        io.Of("/admin").Handles<IShopkeeper>();
        io.MapEntities<Shelf, IShelf>("shelf");
        app.MapActorSocketApi().AllowAnonymous();
        return app;
    }

    [JsonConverter(typeof(JsonStringEnumConverter<Speed>))]
    internal enum Speed
    {
        [JsonStringEnumMemberName("express")]
        Express,

        [JsonStringEnumMemberName("standard")]
        Standard,
    }

    internal sealed record Order(string Item, int[] Lines, string? Note = null);

    internal sealed record Receipt(DateTimeOffset Due, Order Of);

    internal interface IShopper
    {
        void News(Order order, byte[] picture);

        [Event("ready?")]
        Task<bool> IsReadyAsync(string who);
    }

    internal interface IShopkeeper
    {
        Task<bool> CloseAsync();
    }

    public interface IShelf
    {
        Task<IReadOnlyDictionary<string, int>> StockAsync(string? item = null);
    }

    internal sealed class Shelf : RoomEntity, IShelf
    {
        public Task<IReadOnlyDictionary<string, int>> StockAsync(string? item = null) =>
            Task.FromResult<IReadOnlyDictionary<string, int>>(new Dictionary<string, int>(StringComparer.Ordinal) { [item ?? "tea"] = 1 });
    }

    internal sealed class Shop : SocketHub
    {
        [Event("buy")]
        public static Receipt Buy(Order order, Speed? speed) => new(DateTimeOffset.UnixEpoch.AddDays((int)(speed ?? Speed.Express)), order);

        [Event("rate")]
        public static int Rate(int stars) => stars;

        [Event("look")]
        public static void Look(int page = 1) => ArgumentOutOfRangeException.ThrowIfNegative(page);

        [Event("picture")]
        public static int Picture(byte[] data) => data.Length;

        [Event("count")]
        public static async IAsyncEnumerable<int> Count(int to)
        {
            for (var i = 1; i <= to; i++)
            {
                await Task.Yield();
                yield return i;
            }
        }
    }
}
