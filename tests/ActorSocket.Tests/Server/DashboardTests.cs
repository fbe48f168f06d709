using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.RegularExpressions;
using ActorSocket.Clustering;
using ActorSocket.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace ActorSocket.Tests.Server;

/// <summary>Grafana's dashboards ask for what Prometheus is told: by the names that the exporter makes of the instruments.</summary>
public sealed partial class DashboardTests
{
    public static TheoryData<string> Dashboards =>
    [
        .. Directory
            .GetFiles(Path.Combine(Repository.Root, "config", "grafana", "dashboards"), "*.json")
            .Select(static file => Path.GetRelativePath(Repository.Root, file)),
    ];

    [Theory]
    [MemberData(nameof(Dashboards))]
    public async Task A_dashboard_asks_for_series_that_the_exporter_gives(string file)
    {
        var exported = await ExportedAsync();
        Assert.True(exported.Count > 40, string.Join('\n', exported));
        var asked = JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, file)))
            .GetProperty("panels").EnumerateArray()
            .SelectMany(static panel => panel.GetProperty("targets").EnumerateArray())
            .SelectMany(static target => Series().Matches(target.GetProperty("expr").GetString()!).Select(static match => match.Value))
            .ToHashSet(StringComparer.Ordinal);
        Assert.True(asked.Count > 15);
        Assert.Empty(asked.Except(exported, StringComparer.Ordinal));
    }

    /// <summary>
    /// What a scrape of the demo's exporter says when every instrument has had a measurement: of instruments of the same kind, name and
    /// unit, since some of the server's have one in a cluster only.
    /// </summary>
    private static async Task<HashSet<string>> ExportedAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddOpenTelemetry().WithMetrics(static metrics => metrics.AddMeter("twins").AddPrometheusExporter());
        await using var app = builder.Build();
        app.MapPrometheusScrapingEndpoint();
        await app.StartAsync();
        using var twins = new Meter("twins");
        foreach (var instrument in Instruments())
            Measure(twins, instrument);
        var text = await app.GetTestClient().GetStringAsync(new Uri("/metrics", UriKind.Relative));
        return [.. Sample().Matches(text).Select(static match => match.Value)];
    }

    private static List<Instrument> Instruments()
    {
        var found = new List<Instrument>();
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var own = meters.Create(ActorSocketMetrics.MeterName); // the factory gives the same one to all of them
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (ReferenceEquals(instrument.Meter, own))
                found.Add(instrument);
        };
        listener.Start();
        _ = new ActorSocketMetrics(meters);
        _ = new ClusterMetrics(meters);
        _ = new ClusterGauges(meters);
        return found;
    }

    private static void Measure(Meter meter, Instrument instrument)
    {
        switch (instrument)
        {
            case Counter<long>: meter.CreateCounter<long>(instrument.Name, instrument.Unit).Add(1); break;
            case UpDownCounter<long>: meter.CreateUpDownCounter<long>(instrument.Name, instrument.Unit).Add(1); break;
            case Histogram<double>: meter.CreateHistogram<double>(instrument.Name, instrument.Unit).Record(1); break;
            case ObservableGauge<double>: meter.CreateObservableGauge(instrument.Name, static () => 1.0, instrument.Unit); break;
            case ObservableGauge<long>: meter.CreateObservableGauge(instrument.Name, static () => 1L, instrument.Unit); break;
            default: Assert.Fail($"{instrument.Name} is a {instrument.GetType()}: give it a twin here."); break;
        }
    }

    [GeneratedRegex(@"actorsocket_(server|cluster)_[a-z_]+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Series();

    [GeneratedRegex(@"^actorsocket_[a-z_]+", RegexOptions.Multiline, 1000)]
    private static partial Regex Sample();
}
