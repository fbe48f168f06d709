using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ActorSocket.Tests.Architecture;

/// <summary>What the compiler makes of calls, for every receiver and from no argument to eight.</summary>
public sealed class OverloadTests
{
    private static readonly string[] One = ["Socket", "SocketOperator", "RemoteSocket", "RemoteSocketOperator"];
    private static readonly string[] Several = ["BroadcastOperator", "ServerSideOperator"];
    private static readonly string[] Emitters = [.. One, .. Several, "Namespace", "ActorSocketServer"];

    [Fact]
    public void A_token_that_comes_last_is_the_calls_and_no_argument()
    {
        var calls = new List<string>();
        foreach (var receiver in (string[])[.. One, .. Several])
        {
            for (var arguments = 0; arguments <= 8; arguments++)
            {
                calls.Add($"default({receiver})!.EmitWithAckAsync<int>(\"q\"{Arguments(arguments)}, token)");
                calls.Add($"default({receiver})!.EmitWithAckAsync(\"q\"{Arguments(arguments)}, token)");
            }
            calls.Add($"default({receiver})!.EmitWithAckCoreAsync<int>(\"q\", [1, 2], token)");
            calls.Add($"default({receiver})!.EmitWithAckCoreAsync(\"q\", [1, 2], token)");
        }
        for (var arguments = 0; arguments <= 8; arguments++)
        {
            calls.Add($"default(RoomEntities<RoomEntity>)!.InvokeAsync<int>(\"id\", \"m\"{Arguments(arguments)}, token)");
            calls.Add($"default(RoomEntities<RoomEntity>)!.InvokeAsync(\"id\", \"m\"{Arguments(arguments)}, token)");
        }
        calls.Add("default(RoomEntities<RoomEntity>)!.InvokeCoreAsync<int>(\"id\", \"m\", [1, 2], token)");
        calls.Add("default(RoomEntities<RoomEntity>)!.InvokeCoreAsync(\"id\", \"m\", [1, 2], token)");

        foreach (var (call, method) in Bind(calls))
        {
            var given = call.Split(", ").Length - 1;
            Assert.True(method.Parameters[^1].Type.ToDisplayString() == "System.Threading.CancellationToken", call);
            if (!call.Contains("Core", StringComparison.Ordinal))
                Assert.True(method.Parameters.Length == given + 1, $"{call} is {method}");
        }
    }

    [Fact]
    public void A_list_is_one_argument()
    {
        List<string> calls =
        [
            "default(Ack)!.Send(texts)",
            "default(RoomEntities<RoomEntity>)!.Send(\"id\", \"m\", texts)",
            "default(RoomEntities<RoomEntity>)!.InvokeAsync<int>(\"id\", \"m\", texts)",
        ];
        foreach (var receiver in Emitters)
            calls.AddRange([$"default({receiver})!.Emit(\"e\", texts)", $"default({receiver})!.Send(texts)"]);
        foreach (var receiver in (string[])[.. One, .. Several])
        {
            calls.Add($"default({receiver})!.EmitWithAckAsync<int>(\"q\", texts)");
            calls.Add($"default({receiver})!.EmitWithAckAsync(\"q\", texts)");
        }
        foreach (var (call, method) in Bind(calls))
        {
            var argument = method.Parameters.Last(static one => one.Type.Name != "CancellationToken");
            Assert.False(argument.IsParams, call);
            Assert.True(argument.Type.SpecialType == SpecialType.System_Object || argument.Type is IArrayTypeSymbol, $"{call} is {method}");
        }
    }

    [Fact]
    public void Everything_takes_up_to_eight_arguments()
    {
        var calls = new List<string>();
        for (var arguments = 0; arguments <= 8; arguments++)
        {
            foreach (var receiver in Emitters)
            {
                calls.Add($"default({receiver})!.Emit(\"e\"{Arguments(arguments)})");
                calls.Add($"default({receiver})!.Send({Arguments(arguments).TrimStart(',')})");
            }
            calls.Add($"default(Ack)!.Send({Arguments(arguments).TrimStart(',')})");
            calls.Add($"default(RoomEntities<RoomEntity>)!.Send(\"id\", \"m\"{Arguments(arguments)})");
        }
        Assert.Equal(calls.Count, Bind(calls).Count);
    }

    [Fact]
    public void Rooms_are_given_one_by_one_or_as_a_list()
    {
        var calls = new List<string>();
        foreach (var receiver in (string[])["Socket", "SocketOperator", "BroadcastOperator", "Namespace", "ActorSocketServer"])
        {
            foreach (var method in (string[])["To", "In", "Except"])
            {
                string[] all = ["\"a\"", "\"a\", \"b\"", "texts", "list", "", "[\"a\"]"];
                calls.AddRange(all.Select(rooms => $"default({receiver})!.{method}({rooms})"));
            }
        }
        foreach (var receiver in (string[])["Socket", "RemoteSocket"])
            calls.AddRange(Waiting(receiver, "JoinAsync", "LeaveAsync"));
        foreach (var receiver in (string[])["BroadcastOperator", "Namespace", "ActorSocketServer"])
            calls.AddRange(Waiting(receiver, "SocketsJoinAsync", "SocketsLeaveAsync"));
        Assert.Equal(calls.Count, Bind(calls).Count);

        static IEnumerable<string> Waiting(string receiver, params string[] methods) => methods.SelectMany(method =>
            ((string[])["\"a\"", "\"a\", token", "texts", "list, token", "[\"a\", \"b\"]"])
                .Select(rooms => $"default({receiver})!.{method}({rooms})"));
    }

    [Fact]
    public void What_a_callback_returns_is_waited_for()
    {
        (string Callback, string Bound)[] forms =
        [
            ("x => LaterAsync(x)", "ValueTask"), ("LaterAsync", "ValueTask"), ("x => { return LaterAsync(x); }", "ValueTask"),
            ("x => TaskAsync(x)", "Task"), ("TaskAsync", "Task"), ("async x => await LaterAsync(x)", "Task"),
            ("async x => { await System.Threading.Tasks.Task.Yield(); }", "Task"), ("async _ => throw new System.Exception()", "Task"),
            ("_ => throw new System.Exception()", "Task"), ("Now", "Void"), ("x => Now(x)", "Void"), ("x => { Now(x); }", "Void"),
            ("x => x.ToString()", "Void"), ("_ => { }", "Void"),
        ];
        string[] methods =
        [
            "Namespace OnConnection", "ActorSocketServer OnConnection", "ActorSocketServer OnNewNamespace",
            "ActorSocketServer OnConnectionError", "Socket OnAny", "Socket PrependAny", "Socket OnAnyOutgoing", "Socket PrependAnyOutgoing",
            "Socket OnDisconnecting", "Socket OnDisconnect", "Socket OnError", "EngineIoServer OnConnectionError",
            "EngineIoConnection OnMessage", "EngineIoConnection OnClose",
        ];
        var all = methods.Select(static one => one.Split(' '))
            .SelectMany(one => forms.Select(form => (Call: $"default({one[0]})!.{one[1]}({form.Callback})", form.Bound))).ToList();
        all.AddRange(forms.Select(static form => (
            "Microsoft.AspNetCore.Builder.EngineIoEndpointRouteBuilderExtensions.MapEngineIo("
            + $"default(Microsoft.AspNetCore.Routing.IEndpointRouteBuilder)!, \"/e\", {form.Callback})",
            form.Bound)));
        Assert.All(Bind(all.ConvertAll(static one => one.Call)).Zip(all), static pair =>
        {
            var invoke = pair.First.Method.Parameters.Select(static one => (one.Type as INamedTypeSymbol)?.DelegateInvokeMethod)
                .First(static one => one is not null)!;
            Assert.True(invoke.ReturnType.Name == pair.Second.Bound, $"{pair.First.Call} is {pair.First.Method}");
        });
    }

    private static string Arguments(int count) => string.Concat(Enumerable.Range(1, count)
        .Select(static number => number % 2 == 0 ? ", \"x\"" : ", " + number.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Each call with the method that it is bound to. A call that is no C# fails.</summary>
    private static List<(string Call, IMethodSymbol Method)> Bind(List<string> calls)
    {
        var lines = calls.Select(static call => $"_ = ((System.Action)(() => {call}));");
        var source = $$"""
            #nullable enable
            using ActorSocket;
            class Calls
            {
                static async System.Threading.Tasks.ValueTask LaterAsync<T>(T _) => await System.Threading.Tasks.Task.Yield();
                static async System.Threading.Tasks.Task TaskAsync<T>(T _) => await System.Threading.Tasks.Task.Yield();
                static void Now<T>(T _) { }
                void All(System.Threading.CancellationToken token, string[] texts, System.Collections.Generic.List<string> list)
                {
                    {{string.Join("\n        ", lines)}}
                }
            }
            """;
        var tree = CSharpSyntaxTree.ParseText(source, new CSharpParseOptions(LanguageVersion.Preview));
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(static file => MetadataReference.CreateFromFile(file));
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary);
        var compilation = CSharpCompilation.Create("calls", [tree], references, options);
        Assert.Empty(
            compilation
                .GetDiagnostics()
                .Where(static one => one.Severity == DiagnosticSeverity.Error)
                .Select(one =>
                    $"{one.GetMessage(CultureInfo.InvariantCulture)}: "
                    + $"{tree.GetText().Lines[one.Location.GetLineSpan().StartLinePosition.Line]}"
                )
        );
        var model = compilation.GetSemanticModel(tree);
        var lambdas = tree.GetRoot().DescendantNodes().OfType<ParenthesizedLambdaExpressionSyntax>();
        return [.. calls.Zip(lambdas, (call, lambda) => (call, (IMethodSymbol)model.GetSymbolInfo(lambda.ExpressionBody!).Symbol!))];
    }
}
