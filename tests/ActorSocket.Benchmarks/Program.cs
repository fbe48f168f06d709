using ActorSocket.Benchmarks;
using ActorSocket.Benchmarks.Load;

switch (args)
{
    case ["compare", .. var rest]:
        try
        {
            return await new Compare(CompareOptions.Parse(rest)).RunAsync();
        }
        catch (LoadFailure failure)
        {
            await Console.Error.WriteLineAsync(failure.Message);
            return 1;
        }
    case ["draw", var folder]:
        return Chart.Redraw(folder);
    case ["micro", .. var rest]:
        return Micro.Run(rest);
    case ["directory", .. var rest]:
        return await Directories.RunAsync(rest);
    case ["listings", .. var rest]:
        return Listings.Run(rest);
    case ["matching", .. var rest]:
        return Matching.Run(rest);
    case ["presence", .. var rest]:
        return Presence.Run(rest);
    case ["lifecycle", var server, .. var rest]:
        return await Lifecycle.RunAsync(server, rest);
    case ["guard", .. var rest]:
        return await Guard.RunAsync(rest);
    case ["tls", .. var rest]:
        return await Tls.RunAsync(rest);
    case ["features"]:
        return await Features.RunAsync();
    case ["sync"]:
        return Syncing.Run();
    case ["entities"]:
        return await Entities.RunAsync();
    case ["serve", .. var rest]:
        await Servers.RunActorSocketAsync(rest);
        return 0;
    case ["serve-stock", .. var rest]:
        await Servers.RunActorSocketAsync(rest, isStock: true);
        return 0;
    case ["serve-signalr", .. var rest]:
        await Servers.RunSignalRAsync(rest);
        return 0;
    case ["serve-raw", .. var rest]:
        await Servers.RunRawAsync(rest);
        return 0;
    default:
        await Console.Error.WriteLineAsync("""
            Usage: dotnet run -c Release --project tests/ActorSocket.Benchmarks -- …
              compare [--quick] [--modes a,b] [--peers a,b] [--reference PEER] [--baseline FILE] [--rounds N] [--window S] [--warmup S] [--out FOLDER]
                      [--server-core 0] [--load-core 1] [--max-other-cpu PERCENT] [--time-limit S]
              draw FOLDER           the charts anew, from the compare.json that is in it
              micro [options of BenchmarkDotNet]
              directory [--rooms N] the room directory beside Akka's DistributedPubSub and DistributedData
              listings [--rooms N]  listed rooms of two nodes: time and memory
              matching [--tickets N]  a round of a queue for matches
              presence [--users N]  users of two nodes: time and memory
              lifecycle DLL [--clients N] [--rounds N]
                                    from the start of ActorSocket.Server to ready, from SIGTERM to its end
              guard [--seconds N]   what handlers that block cost the others, on event loops and on stock Kestrel
              tls [--idle N] [--rounds N]
                                    WebSockets over TLS beside a bare Kestrel WebSocket over TLS
              features              what each feature costs an event and an emit, and what a server without it pays
              sync                  what merge patches of a game's state save, and cost
              entities              calls of entities, on one node and between two, idle ones, and saving many
              serve [--port N]      ActorSocket alone, for another load generator (also: serve-stock, serve-signalr, serve-raw)
            """);
        return 1;
}
