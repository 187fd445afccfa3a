# The two commands of a newcomer are `make serve` and `make test`. SUFANG_* variables pass through.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PY := .venv/bin/python
export PYTHONHASHSEED := 0
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
export PYTHONWARNINGS := ignore

.PHONY: bench chaos security help web web-deps setup setup-test serve wechat-demo train test unit lint types check data-validate lock clean

help:  ## 列出所有命令
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup:  ## 建立运行环境 .venv
	@scripts/setup.sh

setup-test:  ## 建立运行环境和测试工具
	@scripts/setup.sh test

serve: setup  ## 一条命令：装好、训练（有变化才训练）、启动
	@exec $(PY) -m bot serve

wechat-demo: setup  ## 在终端里当一回公众号的关注者（本机模拟的微信平台）
	@$(PY) -m bot wechat demo

train: setup  ## 训练模型（数据没变就不重来）
	@$(PY) -m bot train

web-deps:  ## 群众页面的构建和浏览器测试要用的包（没有 Node 就跳过）
	@if command -v node >/dev/null; then [ -d web/node_modules ] || timeout 300 scripts/web.sh deps || echo "没有装成：浏览器测试会跳过" >&2; else echo "没有 Node：浏览器测试会跳过" >&2; fi

web: web-deps  ## 构建群众页面
	@scripts/web.sh build

test: setup-test web-deps  ## 装好并跑完全部测试（两组同时跑）
	@$(PY) -m bot train
	@scripts/test.sh

unit: setup-test  ## 只跑不需要 Rasa 的测试（几秒钟）
	@$(PY) -m pytest tests/unit tests/actions

lint: setup-test  ## 代码风格
	@$(PY) -m ruff check bot actions tests scripts
	@$(PY) -m ruff format --check bot actions tests scripts

types: setup-test  ## 类型检查
	@$(PY) -m mypy

data-validate: setup-test  ## rasa data validate
	@$(PY) -m rasa data validate --domain domain.yml --data data/nlu data/rules --config config.yml --fail-on-warnings

check: lint types data-validate  ## 测试之外的检查
	@$(PY) -m bot knowledge check

bench: setup  ## 和原版 Rasa 并排测量（约二十分钟）
	@$(PY) -m bot bench --two --chart docs/images/bench.svg

chaos: setup-test  ## 在负载下反复杀进程，事后逐项核对（几个小时；KILLS=20 是短的）
	@cd tests && PYTHONPATH=..:. ../$(PY) -m faults.chaos --kills $(or $(KILLS),500)

security: setup-test  ## 安全检查：长时间模糊测试、许可证、物料清单、秘密扫描、漏洞库（够不着就说没审）
	@scripts/security/run.sh

lock: setup  ## 重新生成带哈希的依赖锁
	@scripts/lock.sh

clean:  ## 删掉环境、模型和缓存（var/ 里的数据不动）
	@rm -rf .venv models .rasa .pytest_cache .mypy_cache .ruff_cache .hypothesis
