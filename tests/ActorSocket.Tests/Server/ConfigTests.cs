using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace ActorSocket.Tests.Server;

/// <summary>The files for Docker, Kubernetes, Prometheus and Grafana are read as what they are, and fit each other and the code.</summary>
public sealed partial class ConfigTests
{
    private static readonly string Root = Repository.Root;

    [Fact]
    public void Compose_runs_the_nodes_that_nginx_and_Prometheus_know()
    {
        var compose = Documents("docker-compose.yml").Single();
        var services = (YamlMappingNode)compose["services"];
        var node = services["node"];
        Assert.Equal("node", node["environment"]["ActorSocket__Cluster__SeedDns"].ToString());
        var server = Assert.Single(Upstream().Matches(Read("config/nginx/upstream.conf")));
        Assert.Equal("node:3000", server.Groups["server"].Value);
        Assert.Contains("getent ahostsv4 node ", Read("config/nginx/watch-nodes.sh"), StringComparison.Ordinal);
        var scraped = Documents("config/prometheus.yml").Single()["scrape_configs"][0]["dns_sd_configs"][0];
        Assert.Equal("node", scraped["names"][0].ToString());
        Assert.Equal("3000", scraped["port"].ToString());
        foreach (
            var (volume, service) in services.Children.SelectMany(static service =>
                Sequence(service.Value, "volumes").Select(volume => (volume, service.Key))
            )
        )
        {
            var source = volume.Split(':')[0];
            var isThere = source.StartsWith('.')
                ? Path.Exists(Path.Combine(Root, source))
                : ((YamlMappingNode)compose["volumes"]).Children.ContainsKey(source);
            Assert.True(isThere, $"{service} mounts {volume}");
        }
    }

    [Fact]
    public void What_the_environment_of_the_nodes_sets_are_options()
    {
        var text = Read("docker-compose.yml") + Read("config/kubernetes/actorsocket.yaml");
        foreach (Match match in ClusterVariable().Matches(text))
            Assert.NotNull(typeof(ActorSocketClusterOptions).GetProperty(match.Groups["name"].Value));
        Assert.Contains("ActorSocket__DrainPeriod", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_script_and_Compose_run_one_nginx_configuration()
    {
        Assert.Contains("./config/nginx/nginx.conf:/etc/nginx/nginx.conf:ro", Read("docker-compose.yml"), StringComparison.Ordinal);
        var script = Read("config/run-cluster.sh");
        Assert.Contains("""cp "$config/nginx/nginx.conf" "$state/nginx/" """.Trim(), script, StringComparison.Ordinal);
        Assert.Contains("""grep -v '^ *server ' "$config/nginx/upstream.conf" """.Trim(), script, StringComparison.Ordinal);
        var parameters = Upstream()
            .Matches(Read("config/nginx/upstream.conf"))
            .Select(static match => match.Groups["parameters"].Value)
            .Distinct(StringComparer.Ordinal)
            .Single();
        Assert.Contains($"  server 127.0.0.1:$((port + i)){parameters};", script, StringComparison.Ordinal);
    }

    [Fact]
    public void Kubernetes_knows_each_field_of_the_manifests()
    {
        var text = Read("config/kubernetes/actorsocket.yaml");
        var kinds = k8s.KubernetesYaml.LoadAllFromString(text, strict: true).Select(static document => document.GetType().Name);
        Assert.Contains("V1StatefulSet", kinds, StringComparer.Ordinal);
        var misspelt = text.Replace("terminationGracePeriodSeconds", "terminationGracePeriod", StringComparison.Ordinal);
        Assert.ThrowsAny<Exception>(() => k8s.KubernetesYaml.LoadAllFromString(misspelt, strict: true));
    }

    [Fact]
    public void Kubernetes_manifests_name_each_other_and_the_paths_of_the_demo()
    {
        var documents = Documents("config/kubernetes/actorsocket.yaml").ToList();
        Assert.Equal(
            ["Service", "Service", "StatefulSet", "PodDisruptionBudget", "NetworkPolicy", "Ingress"],
            documents.Select(static document => document["kind"].ToString()),
            StringComparer.Ordinal
        );
        var headless = documents[0]["metadata"]["name"].ToString();
        Assert.Equal("None", documents[0]["spec"]["clusterIP"].ToString());
        Assert.Equal("true", documents[0]["spec"]["publishNotReadyAddresses"].ToString());
        var spec = documents[2]["spec"];
        Assert.Equal(headless, spec["serviceName"].ToString());
        var container = spec["template"]["spec"]["containers"][0];
        var environment = ((YamlSequenceNode)container["env"])
            .Where(static entry => ((YamlMappingNode)entry).Children.ContainsKey("value"))
            .ToDictionary(static entry => entry["name"].ToString(), static entry => entry["value"].ToString(), StringComparer.Ordinal);
        Assert.Equal(headless, environment["ActorSocket__Cluster__SeedDns"]);
        Assert.Equal("$(POD_IP)", environment["ActorSocket__Cluster__PublicHostname"]);
        var program = Read("src/ActorSocket.Server/Program.cs");
        foreach (var probe in (string[])["startupProbe", "livenessProbe", "readinessProbe"])
            Assert.Contains($"\"{container[probe]["httpGet"]["path"]}\"", program, StringComparison.Ordinal);
        // preStop + DrainPeriod + DrainTimeout + leaving fits into the grace period, and all but preStop into the host's limit.
        var drain =
            TimeSpan.Parse(environment["ActorSocket__DrainPeriod"], System.Globalization.CultureInfo.InvariantCulture)
            + new ActorSocketOptions().DrainTimeout
            + TimeSpan.FromSeconds(15);
        var host = Seconds(environment["DOTNET_SHUTDOWNTIMEOUTSECONDS"]);
        Assert.True(host >= drain, $"{host} < {drain}");
        var grace = Seconds(spec["template"]["spec"]["terminationGracePeriodSeconds"].ToString());
        Assert.True(
            grace >= host + Seconds(container["lifecycle"]["preStop"]["sleep"]["seconds"].ToString()),
            $"{grace} is too short for {host}"
        );
    }

    [Fact]
    public void The_Ingress_shows_what_is_for_the_world_and_nothing_else()
    {
        var ingress = Documents("config/kubernetes/actorsocket.yaml").Last();
        var paths = ((YamlSequenceNode)ingress["spec"]["rules"][0]["http"]["paths"]).ToList();
        var files = Directory
            .GetFiles(Path.Combine(Root, "src", "ActorSocket.Server", "wwwroot"))
            .Select(static file => "/" + Path.GetFileName(file))
            .Append("/");
        Assert.Equal(files.Order(StringComparer.Ordinal), Of("Exact").Order(StringComparer.Ordinal));
        Assert.Equal(["/socket.io", "/admin"], Of("Prefix"), StringComparer.Ordinal); // the Admin UI has a password

        IEnumerable<string> Of(string type) =>
            paths.Where(path => path["pathType"].ToString() == type).Select(static path => path["path"].ToString());
    }

    [Fact]
    public void The_unit_of_systemd_gives_the_server_the_time_that_it_needs_to_stop()
    {
        var file = Read("config/systemd/actorsocket.service");
        var unit = Setting().Matches(file).Select(static line => line.Groups["setting"].Value).ToList();
        Assert.Contains("Restart=on-failure", unit, StringComparer.Ordinal);
        Assert.EndsWith("--urls http://127.0.0.1:3000", Value("ExecStart="), StringComparison.Ordinal);
        var drain =
            TimeSpan.Parse(Value("Environment=ActorSocket__DrainPeriod="), System.Globalization.CultureInfo.InvariantCulture)
            + new ActorSocketOptions().DrainTimeout
            + TimeSpan.FromSeconds(15);
        var host = Seconds(Value("Environment=DOTNET_SHUTDOWNTIMEOUTSECONDS="));
        Assert.True(host >= drain, $"{host} < {drain}");
        Assert.True(Seconds(Value("TimeoutStopSec=")) > host);

        string Value(string start) => unit.Single(line => line.StartsWith(start, StringComparison.Ordinal))[start.Length..];
    }

    [Fact]
    public void Files_that_were_never_run_say_so()
    {
        Assert.Contains("Untested where it was written", Read("config/kubernetes/actorsocket.yaml"), StringComparison.Ordinal);
    }

    [Fact]
    public void Grafana_is_given_the_dashboards_and_where_to_ask()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(Root, "config", "grafana"), "*.yml", SearchOption.AllDirectories))
            Assert.Single(Documents(file));
    }

    private static TimeSpan Seconds(string text) =>
        TimeSpan.FromSeconds(int.Parse(text, System.Globalization.CultureInfo.InvariantCulture));

    private static IEnumerable<string> Sequence(YamlNode service, string key) =>
        service is YamlMappingNode mapping && mapping.Children.TryGetValue(key, out var value)
            ? ((YamlSequenceNode)value).Select(static entry => entry.ToString())
            : [];

    private static IEnumerable<YamlMappingNode> Documents(string path)
    {
        var stream = new YamlStream();
        using var reader = new StringReader(File.ReadAllText(Path.Combine(Root, path)));
        stream.Load(reader);
        return stream.Documents.Select(static document => (YamlMappingNode)document.RootNode);
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    [GeneratedRegex("^(?<setting>[A-Z].*)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Setting();

    [GeneratedRegex(@"^ *server (?<server>\S+)(?<parameters>[^;]*);", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Upstream();

    [GeneratedRegex(@"ActorSocket__Cluster__(?<name>[A-Za-z]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ClusterVariable();
}
